#include "parity/report.h"

#include "parity/masking.h"

namespace underpin::parity {
namespace {

using json::Value;

Value counts(const std::map<std::string, std::int64_t>& by_name) {
  Value value = Value::object();
  for (const auto& [key, count] : by_name) value.set(key, Value::integer(count));
  return value;
}

Value latency(const Latency& latency) {
  Value value = Value::object();
  value.set("count", Value::integer(latency.count));
  value.set("p50Micros", Value::integer(latency.p50_micros));
  value.set("p95Micros", Value::integer(latency.p95_micros));
  value.set("p99Micros", Value::integer(latency.p99_micros));
  return value;
}

Value sample(const LedgerEntry& entry) {
  Value value = Value::object();
  value.set("at", entry.at.text());
  value.set("subject", entry.question.subject);
  value.set("correlationId", entry.correlation_id);
  value.set("verdict", name(entry.comparison.verdict));
  if (!entry.comparison.reason.empty()) value.set("reason", entry.comparison.reason);
  value.set("primarySystem", entry.primary_system);
  value.set("secondarySystem", entry.secondary_system);
  Value differences = Value::array();
  for (const Difference& difference : entry.comparison.differences) {
    Value one = Value::object();
    one.set("path", difference.path);
    one.set("kind", name(difference.kind));
    one.set("verdict", name(difference.verdict));
    one.set("primary", masked(difference.path, difference.primary));
    one.set("secondary", masked(difference.path, difference.secondary));
    if (!difference.rule.empty()) one.set("rule", difference.rule);
    differences.push(std::move(one));
  }
  value.set("differences", std::move(differences));
  if (!entry.primary_document.empty())
    value.set("primaryDocument", masked("", entry.primary_document));
  if (!entry.secondary_document.empty())
    value.set("secondaryDocument", masked("", entry.secondary_document));
  return value;
}

Value to_value(const Summary& summary, const std::string& wave) {
  Value value = Value::object();
  if (!wave.empty()) value.set("wave", wave);
  value.set("from", summary.from.text());
  value.set("to", summary.to.text());
  value.set("comparisons", Value::integer(summary.comparisons));
  value.set("byVerdict", counts(summary.by_verdict));
  value.set("dropped", Value::integer(summary.dropped));
  Value operations = Value::array();
  for (const OperationSummary& operation : summary.operations) {
    Value one = Value::object();
    one.set("capability", operation.capability);
    one.set("operation", operation.operation);
    one.set("byVerdict", counts(operation.by_verdict));
    one.set("primaryLatency", latency(operation.primary));
    one.set("secondaryLatency", latency(operation.secondary));
    one.set("suppressedByRule", counts(operation.suppressed));
    operations.push(std::move(one));
  }
  value.set("operations", std::move(operations));
  Value fields = Value::array();
  for (const FieldSummary& field : summary.fields) {
    Value one = Value::object();
    one.set("capability", field.capability);
    one.set("operation", field.operation);
    one.set("path", field.path);
    one.set("kind", field.kind);
    one.set("byVerdict", counts(field.by_verdict));
    Value samples = Value::array();
    for (const LedgerEntry& entry : field.samples) samples.push(sample(entry));
    one.set("samples", std::move(samples));
    fields.push(std::move(one));
  }
  value.set("fields", std::move(fields));
  return value;
}

// Inside a <script> element: nothing may close it, whatever a document holds.
std::string for_script(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') {
      safe += "\\u003c";
    } else if (c == '>') {
      safe += "\\u003e";
    } else if (c == '&') {
      safe += "\\u0026";
    } else {
      safe += c;
    }
  }
  return safe;
}

constexpr const char* page_head = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Underpin parity report</title>
<style>
:root{--ink:#1c2430;--soft:#5b6675;--line:#dde2e8;--card:#fff;--page:#f5f6f8;--match:#1f7a4d;
--tolerated:#3f7d96;--known_difference:#6a5aa8;--late:#a0700f;--mismatch:#b3261e;--not_compared:#7a7f87}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--page)}
header{background:#1c2430;color:#fff;padding:22px 32px}header h1{margin:0;font-size:22px;font-weight:600}header p{margin:4px 0 0;color:#b9c2cf}
main{max-width:1320px;margin:0 auto;padding:24px 28px 64px}h2{font-size:17px;margin:32px 0 10px}
.cards{display:flex;gap:12px;flex-wrap:wrap}.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 18px;min-width:130px}
.card b{display:block;font-size:26px;font-variant-numeric:tabular-nums;line-height:1.2}.card span{color:var(--soft);font-size:13px}
.bar{display:flex;height:12px;border-radius:6px;overflow:hidden;margin:16px 0 4px;background:var(--line)}.bar i{display:block}
table{width:100%;border-collapse:collapse;background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden}
th,td{padding:8px 9px;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}tbody tr:last-child td{border-bottom:0}
th{font-size:12px;color:var(--soft);font-weight:600;background:#fafbfc;cursor:pointer;user-select:none;vertical-align:bottom}
th[aria-sort=ascending]:after{content:" \25B2";font-size:9px}th[aria-sort=descending]:after{content:" \25BC";font-size:9px}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}code,pre{font:13px/1.45 ui-monospace,SFMono-Regular,Consolas,monospace}
.v{font-size:12px;font-weight:600;padding:1px 8px;border-radius:10px;color:#fff;white-space:nowrap}
.filters{display:flex;gap:10px;flex-wrap:wrap;margin:0 0 10px}.filters input,.filters select{font:inherit;padding:6px 10px;border:1px solid #c3cad3;border-radius:6px;background:#fff;color:inherit}
.filters input{flex:1;min-width:220px}tr.row{cursor:pointer}tr.row:hover td,tr.row:focus td{background:#f0f4f9}tr.detail>td{background:#fafbfc;padding:6px 18px 18px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:10px;margin:6px 0 14px}.pair div{border:1px solid var(--line);border-radius:6px;background:#fff;padding:8px 12px;overflow:auto}
.pair h4{margin:0 0 4px;font-size:12.5px;color:var(--soft)}.diff{background:#fde8e6;border-radius:3px;padding:0 3px}pre{margin:6px 0 0;max-height:260px;white-space:pre-wrap;word-break:break-word}
.soft{color:var(--soft);font-size:13px}.none{padding:18px;text-align:center;color:var(--soft)}details summary{cursor:pointer;color:var(--soft);font-size:13px}
@media print{header{color:#000;background:#fff}.filters{display:none}}
</style></head><body>
<header><h1>Parity report</h1><p id="period"></p></header><main>
<div class="cards" id="cards"></div><div class="bar" id="bar" role="img" aria-label="Share of each verdict"></div><div class="soft" id="legend"></div>
<h2>By operation</h2><table id="operations"><thead></thead><tbody></tbody></table>
<h2>By field</h2><div class="filters"><input id="text" type="search" placeholder="Filter by capability, operation, field, subject or value" aria-label="Filter">
<select id="verdict" aria-label="Verdict"><option value="">Every verdict</option></select><select id="capability" aria-label="Capability"><option value="">Every capability</option></select></div>
<table id="fields"><thead></thead><tbody></tbody></table>
<h2>What rules suppressed</h2><p class="soft">A rule that hides much may hide a real difference: look at what it covers.</p><table id="rules"><thead></thead><tbody></tbody></table>
</main><script>
"use strict";const data=)html";

constexpr const char* page_tail = R"html(;
const order=["mismatch","late","known_difference","tolerated","not_compared","match"],label=v=>v.replace("_"," ");
const el=(tag,text,cls)=>{const e=document.createElement(tag);if(text!==undefined)e.textContent=text;if(cls)e.className=cls;return e};
const $=id=>document.getElementById(id),sum=c=>Object.values(c).reduce((a,b)=>a+b,0);
const ms=u=>u?(u/1000).toFixed(u<10000?1:0)+" ms":"\u2013";
const badge=v=>{const b=el("span",label(v),"v");b.style.background="var(--"+v+")";return b};
if(data.wave)document.title=document.querySelector("h1").textContent="Parity report: wave "+data.wave;
$("period").textContent=data.comparisons?data.from.replace("T"," ")+" to "+data.to.replace("T"," "):"Nothing was compared yet.";
const card=(n,t,c)=>{const d=el("div",undefined,"card"),b=el("b",n.toLocaleString("en"));if(c)b.style.color=c;d.append(b,el("span",t));$("cards").append(d)};
card(data.comparisons,"comparisons");for(const v of ["match",...order.slice(0,5)])if(data.byVerdict[v]||v==="match"||v==="mismatch")card(data.byVerdict[v]||0,label(v),"var(--"+v+")");
card(data.dropped,"dropped, not compared");
for(const v of [...order].reverse()){const n=data.byVerdict[v]||0;if(!n)continue;const i=el("i");i.style.width=100*n/data.comparisons+"%";i.style.background="var(--"+v+")";i.title=label(v)+": "+n;$("bar").append(i)}
if(data.comparisons)$("legend").textContent=(100*(data.byVerdict.match||0)/data.comparisons).toFixed(2)+" % equal in every compared field.";
function table(id,columns,rows,detail,empty){const t=$(id),head=t.tHead,body=t.tBodies[0];let by=null,up=true;const tr=el("tr");
columns.forEach(c=>{const th=el("th",c.title,c.number?"n":"");th.tabIndex=0;const sort=()=>{up=by===c?!up:!c.number;by=c;[...tr.children].forEach(x=>x.removeAttribute("aria-sort"));th.setAttribute("aria-sort",up?"ascending":"descending");draw()};
th.onclick=sort;th.onkeydown=e=>{if(e.key==="Enter")sort()};tr.append(th)});head.append(tr);
function draw(){let list=rows();if(by)list=[...list].sort((a,b)=>{const x=by.value(a),y=by.value(b);return(x<y?-1:x>y?1:0)*(up?1:-1)});body.replaceChildren();
if(!list.length){const r=el("tr"),d=el("td",empty,"none");d.colSpan=columns.length;r.append(d);body.append(r)}
for(const item of list){const r=el("tr");for(const c of columns){const d=el("td",undefined,c.number?"n":"");const s=c.show?c.show(item):c.value(item);d.append(s instanceof Node?s:String(s));r.append(d)}
body.append(r);if(detail){r.className="row";r.tabIndex=0;r.setAttribute("aria-expanded","false");const toggle=()=>{if(r.nextSibling&&r.nextSibling.className==="detail"){r.nextSibling.remove();r.setAttribute("aria-expanded","false");return}
const x=el("tr",undefined,"detail"),d=el("td");d.colSpan=columns.length;d.append(...detail(item));x.append(d);r.after(x);r.setAttribute("aria-expanded","true")};r.onclick=toggle;r.onkeydown=e=>{if(e.key==="Enter")toggle()}}}}
draw();return draw}
const verdictColumn=v=>({title:label(v),number:true,value:r=>r.byVerdict[v]||0,show:r=>{const n=r.byVerdict[v]||0,e=el("span",n?n.toLocaleString("en"):"\u2013");if(n&&v!=="match")e.style.cssText="font-weight:600;color:var(--"+v+")";return e}});
table("operations",[{title:"Capability",value:r=>r.capability},{title:"Operation",value:r=>r.operation},{title:"Comparisons",number:true,value:r=>sum(r.byVerdict)},
...["match","tolerated","known_difference","late","mismatch","not_compared"].map(verdictColumn),
{title:"Primary p50 / p95",number:true,value:r=>r.primaryLatency.p50Micros,show:r=>ms(r.primaryLatency.p50Micros)+" / "+ms(r.primaryLatency.p95Micros)},
{title:"Secondary p50 / p95",number:true,value:r=>r.secondaryLatency.p50Micros,show:r=>ms(r.secondaryLatency.p50Micros)+" / "+ms(r.secondaryLatency.p95Micros)}],()=>data.operations,null,"Nothing was compared yet.");
const worst=f=>order.find(v=>f.byVerdict[v])||"match",pretty=t=>{try{return JSON.stringify(JSON.parse(t),null,1)}catch{return t}};
const shown=()=>{const q=$("text").value.toLowerCase(),v=$("verdict").value,c=$("capability").value;return data.fields.filter(f=>(!v||f.byVerdict[v])&&(!c||f.capability===c)&&(!q||JSON.stringify(f).toLowerCase().includes(q)))};
function samples(f){if(!f.samples.length)return[el("p","No sample was kept.","soft")];return f.samples.flatMap(s=>{const h=el("p");h.append(el("b",s.subject)," ",badge(s.verdict)," ",el("span",s.at.replace("T"," ")+(s.reason?" \u00b7 "+s.reason:"")+" \u00b7 correlation "+s.correlationId,"soft"));
const out=[h];for(const d of s.differences){const p=el("div",undefined,"pair");for(const[who,value]of[[s.primarySystem+" (primary)",d.primary],[s.secondarySystem+" (secondary)",d.secondary]]){const b=el("div");const code=el("code",value||"(nothing)","diff");b.append(el("h4",who+"  "+(d.path||"/")),code);p.append(b)}out.push(p);if(d.rule)out.push(el("p","Rule: "+d.rule,"soft"))}
if(s.primaryDocument||s.secondaryDocument){const more=el("details");more.append(el("summary","Both documents"));const p=el("div",undefined,"pair");for(const[who,doc]of[[s.primarySystem,s.primaryDocument],[s.secondarySystem,s.secondaryDocument]]){const b=el("div");b.append(el("h4",who),el("pre",doc?pretty(doc):"(no document)"));p.append(b)}more.append(p);out.push(more)}return out})}
const redraw=table("fields",[{title:"Worst",value:f=>order.indexOf(worst(f)),show:f=>badge(worst(f))},{title:"Capability",value:f=>f.capability},{title:"Operation",value:f=>f.operation},
{title:"Field",value:f=>f.path,show:f=>el("code",f.path||"/ (outcome)")},{title:"Kind",value:f=>f.kind},...["mismatch","late","known_difference","tolerated"].map(verdictColumn),{title:"Samples",number:true,value:f=>f.samples.length}],shown,samples,"No difference matches.");
for(const v of order.slice(0,4)){const o=el("option",label(v));o.value=v;$("verdict").append(o)}
for(const c of [...new Set(data.fields.map(f=>f.capability))]){const o=el("option",c);o.value=c;$("capability").append(o)}
for(const id of["text","verdict","capability"])$(id).oninput=redraw;
const rules=[];for(const o of data.operations)for(const[rule,fields]of Object.entries(o.suppressedByRule))rules.push({rule,fields,capability:o.capability,operation:o.operation});
table("rules",[{title:"Rule",value:r=>r.rule},{title:"Capability",value:r=>r.capability},{title:"Operation",value:r=>r.operation},{title:"Fields suppressed",number:true,value:r=>r.fields}],()=>rules,null,"No rule suppressed anything.");
</script></body></html>
)html";

}  // namespace

std::string report_json(const Summary& summary, const std::string& wave) {
  return json::write_pretty(to_value(summary, wave));
}

std::string report_html(const Summary& summary, const std::string& wave) {
  return page_head + for_script(json::write(to_value(summary, wave))) + page_tail;
}

}  // namespace underpin::parity
