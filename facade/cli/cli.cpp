#include "facade/cli/commands.h"
#include "facade/cli/gate_commands.h"
#include "facade/cli/pack_commands.h"
#include "facade/cli/parity_commands.h"
#include "facade/cli/profile_commands.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace underpin::facade::cli {

int run(int argc, char** argv, const Adapters& adapters) {
  CLI::App app{
      "Underpin: one stable API for channels while the ERP beneath is exchanged, capability by "
      "capability."};
  app.require_subcommand(1);
  app.set_version_flag("--version", "underpin 0.1.0");
  int code = 0;

  ServeOptions serving;
  CLI::App* serve_command = app.add_subcommand("serve", "Serve channels and operators");
  serve_command->add_option("--config", serving.config, "Configuration file")->required();
  serve_command->callback([&] { code = serve(serving, adapters); });

  std::string doctor_config;
  CLI::App* doctor_command =
      app.add_subcommand("doctor", "Reach every configured system and name what is missing there");
  doctor_command->add_option("--config", doctor_config, "Configuration file")->required();
  doctor_command->callback([&] { code = doctor(doctor_config, adapters); });

  bool adapters_as_json = false;
  CLI::App* adapters_command =
      app.add_subcommand("adapters", "The ERPs that can be reached, and how each does what");
  adapters_command->add_flag("--json", adapters_as_json, "For programs");
  adapters_command->callback([&] { code = list_adapters(adapters_as_json, adapters); });

  BackupOptions backing_up;
  CLI::App* backs_up = app.add_subcommand("backup", "Copy the journal, also while it serves");
  backs_up->add_option("--config", backing_up.config, "Configuration file")->required();
  backs_up->add_option("--out", backing_up.file, "File to write; replaced when it is there")
      ->required();
  const char* which_wave = "Which wave; needed where there are several";
  backs_up->add_option("--wave", backing_up.wave, which_wave);
  backs_up->callback([&] { code = backup(backing_up, adapters); });

  RestoreOptions restoring;
  CLI::App* restores = app.add_subcommand(
      "restore", "Put a backup in the journal's place; writes stay closed until `recover`");
  restores->add_option("--config", restoring.config, "Configuration file")->required();
  restores->add_option("--from", restoring.file, "File that `backup` wrote")->required();
  restores->add_option("--wave", restoring.wave, which_wave);
  restores->add_option("--wait", restoring.wait_s,
                       "Seconds to wait for whoever holds the store to be gone");
  restores->add_flag("--check", restoring.check_only, "Check the file, and change nothing");
  restores->callback([&] { code = restore(restoring, adapters); });

  // The environment is read here, not by each subcommand: theirs would all write to the same place,
  // and the environment of one that was not called would win over what was given to another.
  OpsOptions ops;
  if (const char* url = std::getenv("UNDERPIN_OPS_URL")) ops.url = url;
  if (const char* key = std::getenv("UNDERPIN_OPS_KEY")) ops.key = key;
  const auto reaches_ops = [&ops](CLI::App* command) {
    command
        ->add_option("--ops-url", ops.url,
                     "Ops listener of the running facade (or UNDERPIN_OPS_URL)")
        ->capture_default_str();
    command->add_option("--ops-key", ops.key, "Ops key (or UNDERPIN_OPS_KEY)");
    return command->add_option("--wave", ops.wave,
                               "Which wave; needed where several are served, but for lists");
  };

  CLI::App* waves = app.add_subcommand("waves", "The waves, their systems and their channels");
  reaches_ops(waves);
  waves->callback([&] { code = waves_list(ops); });

  CLI::App* cutover = app.add_subcommand("cutover", "Where each capability stands, and moving it");
  cutover->require_subcommand(1);
  std::string capability;
  bool as_json = false;
  CLI::App* status = cutover->add_subcommand("status", "Stage, share, backlog and catching up");
  status->add_option("capability", capability, "orders, inventory, pricing or customers");
  status->add_flag("--json", as_json, "Print JSON");
  reaches_ops(status);
  status->callback([&] { code = cutover_status(ops, capability, as_json); });

  const char* capabilities = "orders, inventory, pricing or customers";
  ChangeOptions change;
  const auto explains = [&](CLI::App* command) {
    command->add_option("capability", capability, capabilities)->required();
    command->add_option("--reason", change.reason, "Why, for the audit log")->required();
    command->add_option("--change", change.reference, "Change reference: a ticket of the site's");
    command->add_option("--version", change.version,
                        "Plan version it was decided on (default: the current)");
    reaches_ops(command);
  };
  const auto leads_to_stage = [&](CLI::App* command) {
    command
        ->add_option("stage", change.stage,
                     "legacy_only, dual_write, shadow_read, cloud_primary, ...")
        ->required();
    command->add_option("--share", change.share, "Per cent of the subjects, in steps of 0.001")
        ->capture_default_str();
    command->add_option("--rules", change.rules_file,
                        "File with cohorts that have a share of their own (JSON)");
    command->add_flag("--force", change.force,
                      "Override what may be overridden; needs a second person, so by proposal");
  };
  const char* dry = "Print what would happen, and change nothing";
  CLI::App* set = cutover->add_subcommand("set", "Move a capability to a neighbouring stage");
  explains(set);
  leads_to_stage(set);
  set->add_flag("--dry-run", change.dry_run, dry);
  set->callback([&] { code = cutover_set(ops, capability, change); });

  std::string births = "legacy";
  CLI::App* acknowledge =
      cutover->add_subcommand("acknowledge", "You have looked at what a guard halted");
  acknowledge->add_option("capability", capability, "orders, inventory, pricing or customers")
      ->required();
  acknowledge->add_option("--births", births, "New documents: legacy, or plan (by the plan again)")
      ->check(CLI::IsMember({"legacy", "plan"}))
      ->capture_default_str();
  acknowledge->add_option("--reason", change.reason, "What was found, for the audit log")
      ->required();
  acknowledge->add_option("--version", change.version, "Plan version it was decided on");
  reaches_ops(acknowledge);
  acknowledge->callback(
      [&] { code = cutover_acknowledge(ops, capability, births, change.reason, change.version); });

  ExplainOptions asked;
  CLI::App* explain = cutover->add_subcommand("explain", "Why a subject goes where it goes");
  explain->add_option("capability", capability, "orders, inventory, pricing or customers")
      ->required();
  explain->add_option("--subject", asked.subject, "web/100042, 1000@EAST or C10000, by capability")
      ->required();
  explain->add_option("--channel", asked.channel, "As if it were born in this channel");
  explain->add_option("--location", asked.location, "As if it were in this store");
  explain->add_option("--sku", asked.sku, "As if it were about this article");
  explain->add_option("--region", asked.region, "As if it were in this region");
  explain->add_option("--segment", asked.segment, "As if the customer were of this segment");
  reaches_ops(explain);
  explain->callback([&] { code = cutover_explain(ops, capability, asked); });

  CLI::App* rollback =
      cutover->add_subcommand("rollback", "Back to before the last forward step in force");
  explains(rollback);
  rollback->add_option("--to-stage", change.stage, "One whole stage back, to this one");
  rollback->add_flag("--dry-run", change.dry_run, dry);
  rollback->callback([&] { code = cutover_rollback(ops, capability, change); });

  CLI::App* preview =
      cutover->add_subcommand("preview", "What going to a stage would leave behind, and its worth");
  preview->add_option("capability", capability, capabilities)->required();
  preview->add_option("--stage", change.stage, "Where to")->required();
  preview->add_flag("--json", as_json, "Print JSON");
  reaches_ops(preview);
  preview->callback([&] { code = cutover_preview(ops, capability, change.stage, as_json); });

  CLI::App* propose =
      cutover->add_subcommand("propose", "Propose a change for others to sign, or for a time");
  explains(propose);
  leads_to_stage(propose);
  propose->add_option("--not-before", change.not_before, "Publish it then (RFC 3339)");
  propose->add_option("--not-after", change.not_after, "Give it up then (RFC 3339)");
  propose->callback([&] { code = cutover_propose(ops, capability, change); });

  std::int64_t id = 0;
  const auto names_proposal = [&](CLI::App* command) {
    command->add_option("capability", capability, capabilities)->required();
    command->add_option("id", id, "Number of the proposal")->required();
    command->add_option("--reason", change.reason, "Why, for the audit log")->required();
    reaches_ops(command);
  };
  ApprovalOptions approval;
  CLI::App* approve =
      cutover->add_subcommand("approve", "Sign a proposal, in the role of your key");
  names_proposal(approve);
  approve->add_option("--headroom", approval.headroom_percent,
                      "Per cent by which every class of differences may still grow");
  approve->add_option("--ceiling", approval.ceilings,
                      "OPERATION,PATH,KIND,RULE,COUNT[,MONEY]: how far one class may grow");
  approve->callback([&] {
    approval.reason = change.reason;
    code = cutover_approve(ops, capability, id, approval);
  });
  for (const char* how : {"reject", "publish"}) {
    CLI::App* decide = cutover->add_subcommand(
        how, std::string(how) == "reject" ? "Turn a proposal down" : "Publish a signed proposal");
    names_proposal(decide);
    decide->callback([&, how] { code = cutover_decide(ops, capability, id, how, change.reason); });
  }
  CLI::App* proposals = cutover->add_subcommand("proposals", "Who has signed what");
  proposals->add_option("capability", capability, capabilities)->required();
  proposals->add_flag("--json", as_json, "Print JSON");
  reaches_ops(proposals);
  proposals->callback([&] { code = cutover_proposals(ops, capability, as_json); });

  TransferOptions transfer;
  CLI::App* moves =
      cutover->add_subcommand("transfer", "Move open documents to another home, one by one");
  moves->add_option("capability", capability, "orders")->required();
  moves->add_option("--to", transfer.to, "The new home: cloud or legacy")
      ->required()
      ->check(CLI::IsMember({"cloud", "legacy"}));
  moves->add_option("--subjects", transfer.subjects_file,
                    "File with one order a line, web/100042; - reads standard input");
  moves->add_flag("--all", transfer.all, "Every open order of the other home");
  moves->add_option("--channel", transfer.channel, "Those that were born in this channel");
  moves->add_option("--reason", transfer.reason, "Why, for the audit log")->required();
  moves->add_option("--change", transfer.reference, "Change reference: a ticket of the site's");
  moves->add_flag("--dry-run", transfer.dry_run, "Count them and their worth, and change nothing");
  moves->add_flag("--propose", transfer.propose, "Propose it for others to sign");
  moves->add_flag("--wait", transfer.wait, "Wait until it is over");
  reaches_ops(moves);
  moves->callback([&] { code = cutover_transfer(ops, capability, transfer); });
  std::int64_t transfer_id = 0;
  std::string transfer_state;
  bool stops = false;
  CLI::App* transfers = cutover->add_subcommand("transfers", "How far transfers have come");
  transfers->add_option("capability", capability, "orders")->required();
  transfers->add_option("id", transfer_id, "Only this one, with its documents");
  transfers->add_option("--state", transfer_state,
                        "Only documents that are waiting, blocking, blocked, levelled, moved or "
                        "stayed");
  transfers->add_flag("--json", as_json, "Print JSON");
  transfers->add_flag("--stop", stops, "No further document begins to move");
  transfers->add_option("--reason", transfer.reason, "Why it is stopped");
  reaches_ops(transfers);
  transfers->callback([&] {
    code = stops ? cutover_transfer_stop(ops, capability, transfer_id, transfer.reason)
                 : cutover_transfers(ops, capability, transfer_id, transfer_state, as_json);
  });
  RecoverOptions recovering;
  CLI::App* recovers = app.add_subcommand(
      "recover", "After a restore: read what the ERPs hold since the backup, and open writes");
  recovers->add_option("--config", recovering.config,
                       "Configuration file: its ops listener is asked");
  recovers->add_option("--reason", recovering.reason, "Why, for the audit log")
      ->capture_default_str();
  recovers->add_option("--overlap-ms", recovering.overlap_ms,
                       "How long before the backup reading begins (default: recovery.overlapMs)");
  recovers->add_flag("--dry-run", recovering.dry_run, "Say what would be done; writes stay closed");
  recovers->add_flag("--no-wait", recovering.no_wait, "Begin it, and do not wait for its end");
  recovers->add_option("--wait", recovering.wait_s,
                       "Seconds to wait for its end (default: as long as it takes)");
  reaches_ops(recovers);
  recovers->callback([&] { code = recover(ops, recovering, adapters); });

  ReconcileOptions reconciling;
  CLI::App* reconciles = app.add_subcommand(
      "reconcile", "Everything that both systems hold of a capability, against each other");
  reconciles
      ->add_option("capability", reconciling.capability,
                   "orders, inventory, pricing or customers; or posting: what both have posted")
      ->required();
  reconciles->add_option("--from", reconciling.from, "Of posting: the first posting date; today");
  reconciles->add_option("--to", reconciling.to, "Of posting: the last posting date; the first");
  reconciles->add_option("--reason", reconciling.reason, "Why, for the audit log")->required();
  reconciles->add_option("--out", reconciling.out,
                         "Folder for the keys that differ: differences.csv and differences.json");
  reconciles->add_flag("--unmask", reconciling.unmask,
                       "Personal data in the files is shown; audited with the reason");
  reconciles->add_flag("--no-wait", reconciling.no_wait, "Begin it, and do not wait for its end");
  reconciles->add_flag("--at-cut-off", reconciling.at_cut_off,
                       "Of pricing: against what the cloud held when legacy's list was made");
  reaches_ops(reconciles);
  reconciles->callback([&] { code = reconcile(ops, reconciling); });
  std::int64_t reconciliation_id = 0;
  bool stops_reconciliation = false;
  CLI::App* reconciled =
      app.add_subcommand("reconciliations", "The last ones, and how far one has come");
  reconciled->add_option("id", reconciliation_id, "Only this one, with its control totals");
  reconciled->add_option("--out", reconciling.out,
                         "Folder for the keys that differ: differences.csv and differences.json");
  reconciled->add_flag("--json", as_json, "Print JSON");
  CLI::Option* stop_it = reconciled->add_flag("--stop", stops_reconciliation, "Stop it");
  CLI::Option* why_so =
      reconciled->add_option("--reason", reconciling.reason, "Why it is stopped, or unmasked");
  stop_it->needs(why_so);
  reconciled
      ->add_flag("--unmask", reconciling.unmask,
                 "Personal data in the files is shown; audited with the reason")
      ->needs(why_so);
  reaches_ops(reconciled);
  reconciled->callback([&] {
    code = stops_reconciliation
               ? reconciliation_stop(ops, reconciliation_id, reconciling.reason)
               : reconciliations_list(ops, reconciliation_id, reconciling, as_json);
  });

  CLI::App* takes = app.add_subcommand(
      "snapshot", "Keep what the cloud holds now, for a list whose cut-off is about now");
  takes->add_option("capability", reconciling.capability, "pricing")->required();
  takes->add_option("--reason", reconciling.reason, "Why, for the audit log")->required();
  takes->add_flag("--no-wait", reconciling.no_wait, "Begin it, and do not wait for its end");
  reaches_ops(takes);
  takes->callback([&] { code = snapshot(ops, reconciling); });
  CLI::App* taken = app.add_subcommand("snapshots", "What the cloud held at earlier times");
  taken->add_flag("--json", as_json, "Print JSON");
  reaches_ops(taken);
  taken->callback([&] { code = snapshots_list(ops, as_json); });

  RepairOptions repairing;
  CLI::App* repairs = app.add_subcommand(
      "repair", "Bring one side to what the other says, where a reconciliation found differences");
  repairs->add_option("reconciliation", reconciliation_id, "Its number")->required();
  repairs->add_option("--kind", repairing.kinds,
                      "Only value, missing_in_cloud, missing_in_legacy; may be repeated");
  repairs->add_option("--reason", repairing.reason, "Why, for the audit log")->required();
  repairs->add_flag("--dry-run", repairing.dry_run, dry);
  reaches_ops(repairs);
  repairs->callback([&] { code = repair(ops, reconciliation_id, repairing); });

  std::string reason;
  CLI::App* audit = app.add_subcommand("audit", "Who did what, and whether that record is whole");
  audit->require_subcommand(1);
  std::int64_t after = 0;
  CLI::App* audit_lists = audit->add_subcommand("list", "The entries, oldest first");
  audit_lists->add_option("--after", after, "Only entries after this number");
  audit_lists->add_flag("--json", as_json, "Print JSON");
  reaches_ops(audit_lists);
  audit_lists->callback([&] { code = audit_list(ops, after, as_json); });
  VerifyOptions verify;
  CLI::App* verifies = audit->add_subcommand(
      "verify", "Name entries that were changed, taken out, moved, or cut off at the end");
  verifies->add_option("--journal", verify.journal, "Read this journal.db instead of a facade");
  verifies->add_option("--head", verify.heads, "A hash that was seen before: it must be there");
  verifies->add_option("--logs", verify.logs,
                       "A JSON log: every hash that it repeats must be there");
  reaches_ops(verifies);
  verifies->callback([&] { code = audit_verify(ops, verify); });

  std::string target;
  bool every_wave = false;
  for (const char* how : {"kill", "unkill"}) {
    const bool kills = std::string(how) == "kill";
    CLI::App* switches =
        app.add_subcommand(how, kills ? "Refuse channel calls; without a target: what is refused"
                                      : "Serve channel calls again");
    CLI::Option* aim =
        switches->add_option("target", target, "orders, inventory, pricing, customers or all");
    CLI::Option* why = switches->add_option("--reason", reason, "Why; channels are told");
    aim->needs(why);
    CLI::Option* every = switches->add_flag(
        "--all", every_wave, "In every wave; without a target: every capability of every wave");
    every->needs(why);
    reaches_ops(switches)->excludes(every);
    switches->callback([&, kills] {
      if (every_wave) ops.wave = "*";
      if (every_wave && target.empty()) target = "all";
      if (!kills && target.empty()) throw CLI::RequiredError("target or --all");
      code = kill_switch(ops, target, kills, reason);
    });
  }

  CLI::App* exceptions = app.add_subcommand("exceptions", "What a person has to decide");
  exceptions->require_subcommand(1);
  std::string state = "open";
  CLI::App* list = exceptions->add_subcommand("list", "Exceptions by state");
  list->add_option("--state", state, "open, replayed, discarded or settled")->capture_default_str();
  list->add_flag("--json", as_json, "Print JSON");
  reaches_ops(list);
  list->callback([&] { code = exceptions_list(ops, state, as_json); });
  CLI::App* show = exceptions->add_subcommand("show", "One exception, whole");
  show->add_option("id", id)->required();
  reaches_ops(show);
  show->callback([&] { code = exceptions_show(ops, id); });
  for (const char* how : {"replay", "discard"}) {
    CLI::App* settle = exceptions->add_subcommand(
        how, std::string(how) == "replay" ? "Try the delivery again (or release a held order)"
                                          : "Give the delivery up");
    settle->add_option("id", id)->required();
    settle->add_option("--reason", reason, "Why, for the audit trail")->required();
    reaches_ops(settle);
    settle->callback([&, how] { code = exceptions_settle(ops, id, how, reason); });
  }

  CLI::App* outcomes =
      app.add_subcommand("outcomes", "Writes of which nobody knows yet whether they arrived");
  outcomes->require_subcommand(1);
  CLI::App* unknown = outcomes->add_subcommand("list", "Those that are being looked up");
  unknown->add_flag("--json", as_json, "Print JSON");
  reaches_ops(unknown);
  unknown->callback([&] { code = outcomes_list(ops, as_json); });
  CLI::App* dispose = outcomes->add_subcommand(
      "dispose", "You have seen it: steps forward do not wait for it any more");
  dispose->add_option("id", id)->required();
  dispose->add_option("--reason", reason, "Why, for the audit trail")->required();
  reaches_ops(dispose);
  dispose->callback([&] { code = outcomes_dispose(ops, id, reason); });

  CLI::App* parity = app.add_subcommand("parity", "What comparisons found");
  parity->require_subcommand(1);
  std::string ledger;
  ReportOptions wanted;
  CLI::App* report = parity->add_subcommand("report", "Counts and pairs by field");
  report->add_option("--format", wanted.format, "html, json, csv or junit")
      ->check(CLI::IsMember({"html", "json", "csv", "junit"}))
      ->capture_default_str();
  report->add_option("--by", wanted.by, "csv: a record for each pair, or for each field")
      ->check(CLI::IsMember({"pair", "field"}))
      ->capture_default_str();
  report->add_option("--output,-o", wanted.output, "File to write (default: standard output)");
  report->add_option("--capability", wanted.capability, "One capability")
      ->check(CLI::IsMember({"orders", "inventory", "pricing", "customers"}));
  report->add_option("--operation", wanted.operation, "One operation: get_order");
  report->add_option("--verdict", wanted.verdict, "Differences of one verdict")
      ->check(CLI::IsMember({"tolerated", "known_difference", "late", "mismatch"}));
  report->add_option("--kind", wanted.kind, "Differences of one kind")
      ->check(CLI::IsMember({"value", "type", "missing", "extra", "order", "count", "outcome"}));
  report->add_option("--path", wanted.path, "Differences at one field: /lines/*/unitPrice");
  report->add_option("--cohort", wanted.cohort,
                     "channels=NAME, locations=CODE, regions=CODE or segments=NAME");
  report->add_option("--group", wanted.group, "Count cohorts by regions or segments")
      ->check(CLI::IsMember({"regions", "segments"}));
  report->add_option("--from", wanted.from, "Compared at this time or later");
  report->add_option("--to", wanted.to, "Compared before this time");
  report->add_option("--last", wanted.last, "Compared within the last 90m, 24h or 7d");
  report
      ->add_option("--unused-days", wanted.unused_days,
                   "A rule that suppressed nothing for so long is proposed for removal")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  CLI::Option* bare =
      report->add_flag("--unmask", wanted.unmask, "CSV of pairs: show personal data");
  bare->needs(report->add_option("--reason", wanted.reason, "Why, for the audit log"));
  report->add_option("--ledger", wanted.ledger, "Read this parity.db instead of asking a facade");
  report->add_option("--key-file", wanted.key_file, "With --ledger: key of the sealed pairs");
  report->add_option("--rules", wanted.rules_file, "With --ledger: rule file");
  reaches_ops(report);
  report->callback([&] { code = parity_report(ops, wanted); });

  std::int64_t entry = 0;
  bool unmask = false;
  CLI::App* replayed = parity->add_subcommand(
      "replay", "Ask both ERPs again for one pair (exit code 3: they still differ)");
  replayed->add_option("entry", entry, "Its id")->required();
  replayed->add_flag("--unmask", unmask, "Show personal data; needs --reason");
  replayed->add_option("--reason", reason, "Why, for the audit trail");
  reaches_ops(replayed);
  replayed->callback([&] { code = parity_replay(ops, entry, unmask, reason); });

  CLI::App* judged = parity->add_subcommand(
      "register", "Known differences against their days and budgets (exit code 3: not in order)");
  reaches_ops(judged);
  judged->callback([&] { code = parity_register(ops); });
  CLI::App* proposed = parity->add_subcommand("proposals", "Rules that would explain mismatches");
  reaches_ops(proposed);
  proposed->callback([&] { code = parity_proposals(ops); });
  std::string proposal;
  std::string rules_file;
  for (const char* word : {"accept", "reject"}) {
    const bool accept = std::string(word) == "accept";
    CLI::App* decide = parity->add_subcommand(
        word, accept ? "Accept a proposed rule, by a person" : "Reject a proposed rule");
    decide->add_option("proposal", proposal, "Its id")->required();
    decide->add_option("--reason", reason, "Why, for the audit trail")->required();
    if (accept) decide->add_option("--rules", rules_file, "Rule file that the rule is added to");
    reaches_ops(decide);
    decide->callback(
        [&, accept] { code = parity_decide(ops, proposal, accept, reason, rules_file); });
  }
  bool places = false;
  CLI::App* postings = parity->add_subcommand(
      "postings", "Orders that show whether both systems post alike (exit code 3: they do not)");
  CLI::Option* placing =
      postings->add_flag("--place", places, "Put them into both systems: test companies only");
  placing->needs(postings->add_option("--reason", reason, "Why, for the audit log"));
  reaches_ops(postings);
  postings->callback([&] { code = parity_postings(ops, places, reason); });
  std::string key_file;
  CLI::App* again = parity->add_subcommand("rejudge", "Judge stored pairs under other rules");
  again->add_option("--ledger", ledger, "The parity.db")->required();
  again->add_option("--rules", rules_file, "Rule file")->required();
  again->add_option("--key-file", key_file, "Key that the pairs are sealed with");
  again->callback([&] { code = parity_rejudge(ledger, rules_file, key_file); });

  GateOptions judging;
  CLI::App* gate = app.add_subcommand(
      "gate", "Whether the evidence is enough for the next step (exit code 3: it is not)");
  gate->add_option("capability", judging.capability, capabilities);
  gate->add_option("--to", judging.to,
                   "cloud_primary, ramp_down or cloud_only (default: the next)");
  std::string gate_format = "text";
  gate->add_option("--format", gate_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  reaches_ops(gate);
  gate->require_subcommand(0, 1);
  gate->callback([&, gate] {
    if (!gate->get_subcommands().empty()) return;
    if (judging.capability.empty()) throw CLI::RequiredError("capability");
    judging.as_json = gate_format == "json";
    code = gate_show(ops, judging);
  });
  WaiveOptions waiving;
  CLI::App* waives = gate->add_subcommand(
      "waive", "Answer for a thin cell, or for a class that was not seen, until a time");
  waives->add_option("capability", capability, capabilities)->required();
  waives->add_option("--cell", waiving.cell, "As the gate names it: \"get_order amount\"")
      ->required();
  waives->add_option("--reason", waiving.reason, "Why, for the audit log")->required();
  waives->add_option("--until", waiving.until, "When it ends (RFC 3339)")->required();
  waives->add_option("--to", waiving.to,
                     "The step it is given for: cloud_primary, ramp_down or cloud_only (default: "
                     "the next)");
  waives->add_option("--by", waiving.by, "Who answers for it")->required();
  reaches_ops(waives);
  waives->callback([&] { code = gate_waive(ops, capability, waiving); });
  CLI::App* waived = gate->add_subcommand("waivers", "Who answers for what, and until when");
  waived->add_option("capability", capability, capabilities)->required();
  reaches_ops(waived);
  waived->callback([&] { code = gate_waivers(ops, capability); });
  std::string waiver;
  CLI::App* revokes = gate->add_subcommand("revoke", "End a waiver before its time");
  revokes->add_option("capability", capability, capabilities)->required();
  revokes->add_option("waiver", waiver, "Its number")->required();
  revokes->add_option("--reason", reason, "Why, for the audit log")->required();
  reaches_ops(revokes);
  revokes->callback([&] { code = gate_revoke(ops, capability, waiver, reason); });

  CLI::App* pack = app.add_subcommand("pack", "What a decision is made on, in one folder");
  pack->require_subcommand(1);
  std::string folder;
  std::string to_stage;
  CLI::App* packs = pack->add_subcommand("make", "Write it: evidence, criteria, one page to print");
  packs->add_option("capability", capability, capabilities)->required();
  packs->add_option("--to", to_stage, "cloud_primary, ramp_down or cloud_only (default: the next)");
  packs->add_option("--out", folder, "Folder; made, or empty")->required();
  bool shows = false;
  CLI::Option* showing = packs->add_flag("--unmask", shows, "Show personal data in samples");
  showing->needs(packs->add_option("--reason", reason, "Why, for the audit log"));
  reaches_ops(packs);
  packs->callback([&] { code = pack_make(ops, capability, to_stage, folder, shows, reason); });
  SignOptions signing;
  CLI::App* signs = pack->add_subcommand("sign", "Sign it off, as the owner of your key");
  signs->add_option("folder", signing.folder, "The pack")->required();
  signs->add_option("--name", signing.name, "Your name")->required();
  signs->add_option("--role", signing.role, "The role of your key")
      ->required()
      ->check(CLI::IsMember({"qa", "finance", "approver"}));
  signs->add_option("--comment", signing.comment, "What you have looked at")->required();
  reaches_ops(signs);
  signs->callback([&] { code = pack_sign(ops, signing); });
  bool with_audit = false;
  CLI::App* proves = pack->add_subcommand("verify", "Name what was changed since it was made");
  proves->add_option("folder", folder, "The pack")->required();
  proves->add_flag("--audit", with_audit, "Ask the facade's audit log, too");
  reaches_ops(proves);
  proves->callback([&] { code = pack_verify(ops, folder, with_audit); });

  CLI::App* xref = app.add_subcommand("xref", "Numbers that are older than the facade");
  xref->require_subcommand(1);
  XrefOptions references;
  CLI::App* imports = xref->add_subcommand(
      "import", "Read kind,number,legacy,cloud from a file; all of it or, on a fault, nothing");
  imports->add_option("file", references.file, "CSV with that header; - reads standard input")
      ->required();
  imports->add_option("--reason", references.reason, "Why, for the audit log")->required();
  imports->add_flag("--dry-run", references.dry_run, "Check every line, and import nothing");
  reaches_ops(imports);
  imports->callback([&] { code = xref_import(ops, references); });

  CLI::App* history = app.add_subcommand("history", "Orders that were closed in legacy");
  history->require_subcommand(1);
  CLI::App* exports = history->add_subcommand(
      "export", "Keep them in the facade's history file, while legacy is still there");
  reaches_ops(exports);
  exports->callback([&] { code = history_export(ops); });

  add_profile_commands(app, adapters, code);

  std::string key;
  CLI::App* keys = app.add_subcommand("keys", "API keys");
  keys->require_subcommand(1);
  CLI::App* hash = keys->add_subcommand("hash", "The form in which a key is kept");
  hash->add_option("key", key, "The key; - reads it from standard input")->required();
  hash->callback([&] { code = keys_hash(key); });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return code;
}

}  // namespace underpin::facade::cli
