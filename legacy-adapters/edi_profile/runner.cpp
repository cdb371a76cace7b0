#include "legacy-adapters/edi_profile/runner.h"

#include "legacy-adapters/transport/profile/failure.h"

#include <map>
#include <sstream>

namespace underpin::legacy::edi_profile {
namespace {

using json::Value;
using profile::must;

class EdiWire final : public told::Wire {
 public:
  EdiWire(const profile::Profile& profile, std::shared_ptr<const Settings> settings)
      : settings_holder_(std::move(settings)), settings_(*settings_holder_) {
    std::vector<profile::Fault> none;  // The profile has been checked.
    for (const auto& [name, operation] : profile.operations())
      if (operation.shape->writes) sets_.emplace(name, read_out(operation, none));
  }
  std::string_view form() const override { return "interchange"; }
  Out out(std::string_view operation) const override {
    const SetOut& out = sets_.find(operation)->second;
    return {out.set, out.acknowledged_only};
  }
  std::string name_of(std::string_view operation, std::int64_t control) const override {
    return file_name(control, sets_.find(operation)->second.edifact);
  }
  std::string content_of(std::string_view operation, const Value& record, std::int64_t control,
                         Timestamp at) const override {
    const SetOut& out = sets_.find(operation)->second;
    return out.edifact ? edifact(out, record, control, at) : x12(out, record, control, at);
  }

 private:
  std::string x12(const SetOut& out, const Value& record, std::int64_t control,
                  Timestamp at) const {
    std::ostringstream text;
    edi::X12Writer writer(text, {settings_.line_per_segment});
    edi::X12Interchange envelope = settings_.envelope;
    const std::string now = at.text();
    envelope.date = now.substr(2, 2) + now.substr(5, 2) + now.substr(8, 2);
    envelope.time = now.substr(11, 2) + now.substr(14, 2);
    envelope.control = control_text(control);
    edi::X12Group group;
    group.functional_id = out.group;
    group.sender = settings_.group_sender;
    group.receiver = settings_.group_receiver;
    group.date = "20" + envelope.date;
    group.time = envelope.time;
    group.control = std::to_string(control);
    group.version = settings_.group_version;
    must(writer.begin(envelope));
    must(writer.begin(group));
    must(writer.begin_set(out.set, "0001", out.implementation));
    for (const Segment& segment : out.layout.write(record)) {
      edi::Elements elements;
      for (const edi::Composite& element : segment.elements)
        elements.emplace_back(element.empty() ? edi::Composite{""} : element);
      must(writer.segment(segment.id, elements));
    }
    must(writer.end_set());
    must(writer.end_group());
    must(writer.end_interchange());
    return settings_.code_page ? must(settings_.code_page->from_utf8(text.str())) : text.str();
  }

  std::string edifact(const SetOut& out, const Value& record, std::int64_t control,
                      Timestamp at) const {
    std::ostringstream text;
    edi::EdifactWriter writer(text, {settings_.line_per_segment});
    edi::EdifactInterchange envelope;
    envelope.separators = settings_.edifact->separators;
    envelope.advice = true;
    envelope.syntax = settings_.edifact->syntax;
    envelope.version = settings_.edifact->version;
    envelope.sender = {settings_.envelope.sender, settings_.envelope.sender_qualifier, {}};
    envelope.receiver = {settings_.envelope.receiver, settings_.envelope.receiver_qualifier, {}};
    const std::string now = at.text();
    envelope.date = now.substr(2, 2) + now.substr(5, 2) + now.substr(8, 2);
    envelope.time = now.substr(11, 2) + now.substr(14, 2);
    envelope.control = std::to_string(control);
    envelope.test = settings_.envelope.usage == 'T';
    edi::EdifactMessage message;
    message.control = "1";
    message.type = out.set;
    message.release = out.release;
    message.association = out.association;
    must(writer.begin(envelope));
    must(writer.begin(message));
    for (const Segment& segment : out.layout.write(record)) {
      edi::Elements elements;
      for (const edi::Composite& element : segment.elements) {
        edi::Composite components;
        for (const std::string& component : element)
          components.push_back(must(settings_.code_page->from_utf8(component)));
        if (components.empty()) components.emplace_back();
        elements.emplace_back(std::move(components));
      }
      must(writer.segment(segment.id, elements));
    }
    must(writer.end_message());
    must(writer.end_interchange());
    return text.str();
  }

  const std::shared_ptr<const Settings> settings_holder_;
  const Settings& settings_;
  std::map<std::string, SetOut, std::less<>> sets_;  // By operation.
};

}  // namespace

Runner::Runner(const std::shared_ptr<const profile::Profile>& profile, const Settings& settings,
               const std::string& system, const std::string& state_folder,
               const std::function<Timestamp()>& now)
    : Runner(profile, std::make_shared<const Settings>(settings), system, state_folder, now) {}

Runner::Runner(const std::shared_ptr<const profile::Profile>& profile,
               const std::shared_ptr<const Settings>& settings, const std::string& system,
               const std::string& state_folder, const std::function<Timestamp()>& now)
    : told::Runner(profile, *settings, system, state_folder, "edi.db", "", now,
                   std::make_unique<EdiWire>(*profile, settings),
                   [&](told::State& state, told::State&, const std::string& folder) {
                     return std::make_unique<Inbound>(settings, *profile, system, folder, state,
                                                      now);
                   }) {}

}  // namespace underpin::legacy::edi_profile
