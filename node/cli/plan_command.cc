// penc plan: what a bulletin would cost and give, before anybody is asked.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/codebook_file.h"
#include "cli/directory.h"
#include "cli/plan_words.h"
#include "cli/render.h"
#include "cli/report.h"
#include "question/allocate.h"
#include "question/bulletin.h"
#include "question/bulletin_weights.h"
#include "release/release.h"

namespace penc::cli {
namespace {

struct PlanOptions {
  std::string file, codebook, edition;
  absl::optional<std::string> budget;
  std::vector<uint64_t> sizes = {1500, 4400, 28000};
  bool write = false;
};

using WantedMargins = std::vector<absl::optional<uint64_t>>;

absl::StatusOr<Planned> PlanAt(uint32_t share_ppm, const v1::Bulletin& bulletin, const Codebook& codebook) {
  v1::Price price;
  price.set_share_ppm(share_ppm);
  return PlanQuestions(bulletin, price, codebook);
}

// The price and the weights for the wanted margins; the weights are left in `bulletin`.
absl::StatusOr<Allocation> Divide(const WantedMargins& wanted, uint32_t offered_ppm, const Codebook& codebook,
                                  v1::Bulletin& bulletin) {
  // Whatever stands as weight beside a margin is what it was turned into the last time.
  for (size_t q = 0; q < wanted.size(); ++q) {
    if (wanted[q].has_value()) bulletin.mutable_questions(static_cast<int>(q))->clear_weight();
  }
  ASSIGN_OR_RETURN(const Planned laid_out, PlanAt(1000000, bulletin, codebook));
  ASSIGN_OR_RETURN(const std::vector<TableNeed> needs, NeedsOf(laid_out.plan, wanted, codebook));
  ASSIGN_OR_RETURN(const Promise reference,
                   ParsePromise(codebook.reference_promise.epsilon, codebook.reference_promise.delta));
  ASSIGN_OR_RETURN(Allocation found, Allocate(needs, offered_ppm, reference));
  for (size_t q = 0; q < wanted.size(); ++q)
    bulletin.mutable_questions(static_cast<int>(q))->set_weight(found.weights[q]);
  return found;
}

absl::Status Write(const PlanOptions& options, const std::string& text, const Allocation& found) {
  ASSIGN_OR_RETURN(const std::string edited, WithWeights(options.file, text, found.weights));
  return WriteFileAtomically(options.file, edited);
}

void SayPrice(const PlanOptions& options, uint32_t share_ppm, Output& output) {
  output.Say({absl::StrCat("à demander par: penc ask … --budget ", ExactShare(share_ppm), " --bulletin ",
                           options.file),
              absl::StrCat("ask it with: penc ask … --budget ", ExactShare(share_ppm), " --bulletin ",
                           options.file)});
}

ExitCode RunPlan(const PlanOptions& options, Output& output) {
  const absl::StatusOr<Codebook> codebook = CodebookAt(options.codebook);
  if (!codebook.ok()) return output.Fail(codebook.status());
  const absl::StatusOr<std::string> text = ReadFile(options.file);
  if (!text.ok()) return output.Fail(text.status());
  absl::StatusOr<v1::Bulletin> bulletin = ReadBulletin(options.file, *text, options.edition);
  if (!bulletin.ok()) return output.Fail(bulletin.status());
  const absl::StatusOr<WantedMargins> wanted = BulletinMargins(options.file, *text);
  if (!wanted.ok()) return output.Fail(wanted.status());
  const auto stated = [](const absl::optional<uint64_t>& margin) { return margin.has_value(); };
  const bool any = std::any_of(wanted->begin(), wanted->end(), stated);
  const bool all = std::all_of(wanted->begin(), wanted->end(), stated);
  if (options.write && !any)
    return output.Fail(
        Fail(absl::StatusCode::kInvalidArgument,
             {absl::StrCat("--write: aucune question de ", options.file,
                           " n'a de marge voulue; écrivez par exemple margin: 20 à l'une d'elles"),
              absl::StrCat("--write: no question of ", options.file,
                           " states a margin; write for example margin: 20 at one of them")}));
  absl::StatusOr<uint32_t> share = ParseShare(options.budget.value_or(all ? "100%" : "60%"));
  if (!share.ok()) return output.Fail(share.status());

  absl::optional<Allocation> found;
  absl::StatusOr<Planned> planned = PlanAt(*share, *bulletin, *codebook);
  if (planned.ok() && planned->refused) {
    output.Say(ReportRefusal(planned->refusal));
    return kRefused;
  }
  if (any) {
    absl::StatusOr<Allocation> divided = Divide(*wanted, *share, *codebook, *bulletin);
    if (!divided.ok()) return output.Fail(divided.status());
    found = *std::move(divided);
    share = found->share_ppm;
    planned = PlanAt(*share, *bulletin, *codebook);
  }
  if (!planned.ok()) return output.Fail(planned.status());
  output.Data(PlanTable(planned->plan, *wanted, options.sizes, *codebook, output.lang()));
  const bool fr = output.lang() == Lang::kFrench;
  output.Data(absl::StrCat(fr ? "prix: " : "price: ", Percent(*share, output.lang()),
                           fr ? " du crédit de confidentialité\n" : " of the privacy budget\n"));
  output.Data(SelectionsOf(planned->plan, *codebook, output.lang()));
  if (found.has_value()) output.Data(AllocationWords(*found, output.lang()));
  output.Data(PlanAdvice(planned->plan, *codebook, output.lang()));
  if (!found.has_value()) return kAnswered;
  if (found->kind == Allocation::Kind::kScaled && !options.budget.has_value()) {
    output.Say(ReportRefusal(BeyondTheBudget(*found)));
    return kRefused;
  }
  if (options.write) {
    if (const absl::Status written = Write(options, *text, *found); !written.ok())
      return output.Fail(written);
    output.Say({absl::StrCat("poids écrits dans ", options.file),
                absl::StrCat("weights written into ", options.file)});
  }
  SayPrice(options, *share, output);
  return kAnswered;
}

}  // namespace

void AddPlan(CLI::App& parent, Invocation& invocation) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* app = parent.add_subcommand(
      "plan", "margins and price of a bulletin, from sizes that you state; touches no record");
  app->add_option("BULLETIN.yaml", options->file, "the questions")->required();
  app->add_option("--sizes", options->sizes, "numbers of people, for example 1500,4400")->delimiter(',');
  app->add_option_function<std::string>(
      "--budget", [options](const std::string& b) { options->budget = b; },
      "share of the budget for the whole bulletin (default 60%; where every question states a margin: what "
      "that costs)");
  app->add_option("--edition", options->edition,
                  "the edition that it counts its periods from ($Q, $Y, $M), in place of its own");
  app->add_option("--codebook", options->codebook, "YAML (default: the migration codebook)");
  app->add_flag("--write", options->write, "write the weights that the wanted margins need into the file");
  app->footer("Example:\n  penc plan policy/questions/bulletin.yaml --sizes 4400 --budget 60%");
  app->callback([options, &invocation] {
    invocation.run = [options](Output& output) { return RunPlan(*options, output); };
  });
}

}  // namespace penc::cli
