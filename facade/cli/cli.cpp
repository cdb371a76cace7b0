#include "facade/cli/commands.h"

#include <CLI/CLI.hpp>

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

  OpsOptions ops;
  const auto reaches_ops = [&ops](CLI::App* command) {
    command->add_option("--ops-url", ops.url, "Ops listener of the running facade")
        ->envname("UNDERPIN_OPS_URL")
        ->capture_default_str();
    command->add_option("--ops-key", ops.key, "Ops key")->envname("UNDERPIN_OPS_KEY");
  };

  CLI::App* cutover = app.add_subcommand("cutover", "Where each capability stands, and moving it");
  cutover->require_subcommand(1);
  std::string capability;
  bool as_json = false;
  CLI::App* status = cutover->add_subcommand("status", "Stage, share, backlog and catching up");
  status->add_option("capability", capability, "orders, inventory, pricing or customers");
  status->add_flag("--json", as_json, "Print JSON");
  reaches_ops(status);
  status->callback([&] { code = cutover_status(ops, capability, as_json); });

  std::string stage;
  std::string share = "100";
  std::string reason;
  std::int64_t version = 0;
  CLI::App* set = cutover->add_subcommand("set", "Move a capability to a neighbouring stage");
  set->add_option("capability", capability, "orders, inventory, pricing or customers")->required();
  set->add_option("stage", stage, "legacy_only, dual_write, shadow_read, cloud_primary, ...")
      ->required();
  set->add_option("--share", share, "Per cent of the subjects, in steps of 0.001")
      ->capture_default_str();
  set->add_option("--reason", reason, "Why, for the audit trail")->required();
  set->add_option("--version", version, "Plan version it was decided on (default: the current)");
  reaches_ops(set);
  std::string rules_file;
  set->add_option("--rules", rules_file, "File with cohorts that have a share of their own (JSON)");
  set->callback(
      [&] { code = cutover_set(ops, capability, stage, share, reason, version, rules_file); });

  std::string births = "legacy";
  CLI::App* acknowledge =
      cutover->add_subcommand("acknowledge", "You have looked at what a guard halted");
  acknowledge->add_option("capability", capability, "orders, inventory, pricing or customers")
      ->required();
  acknowledge->add_option("--births", births, "New documents: legacy, or plan (by the plan again)")
      ->check(CLI::IsMember({"legacy", "plan"}))
      ->capture_default_str();
  acknowledge->add_option("--reason", reason, "What was found, for the audit trail")->required();
  acknowledge->add_option("--version", version, "Plan version it was decided on");
  reaches_ops(acknowledge);
  acknowledge->callback(
      [&] { code = cutover_acknowledge(ops, capability, births, reason, version); });

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
  rollback->add_option("capability", capability, "orders, inventory, pricing or customers")
      ->required();
  rollback->add_option("--reason", reason, "Why, for the audit trail")->required();
  rollback->add_option("--version", version, "Plan version it was decided on");
  reaches_ops(rollback);
  rollback->callback([&] { code = cutover_rollback(ops, capability, reason, version); });

  CLI::App* exceptions = app.add_subcommand("exceptions", "What a person has to decide");
  exceptions->require_subcommand(1);
  std::string state = "open";
  CLI::App* list = exceptions->add_subcommand("list", "Exceptions by state");
  list->add_option("--state", state, "open, replayed, discarded or settled")->capture_default_str();
  list->add_flag("--json", as_json, "Print JSON");
  reaches_ops(list);
  list->callback([&] { code = exceptions_list(ops, state, as_json); });
  std::int64_t id = 0;
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

  CLI::App* parity = app.add_subcommand("parity", "What comparisons found");
  parity->require_subcommand(1);
  std::string format = "html";
  std::string output;
  std::string ledger;
  CLI::App* report = parity->add_subcommand("report", "Counts and samples by field");
  report->add_option("--format", format, "html or json")
      ->check(CLI::IsMember({"html", "json"}))
      ->capture_default_str();
  report->add_option("--output,-o", output, "File to write (default: standard output)");
  report->add_option("--ledger", ledger, "Read this parity.db instead of asking a facade");
  reaches_ops(report);
  report->callback([&] { code = parity_report(ops, ledger, format, output); });

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
