"""What `describe` says of an experiment's parameters, and the page of all of them."""

from __future__ import annotations

from pathlib import Path

from support.command_line import CONFIG, Call, refused
from support.places import ROOT

from trustsim.config.drafts import SIDES
from trustsim.config.library import library
from trustsim.config.models import word
from trustsim.schema.checking import BUYERS, INSTRUMENTS, MARKETS, SUPPLIERS
from trustsim.schema.mechanisms import OWNERS


class TestDescribe:
    def test_every_parameter_with_all_about_it(self, call: Call) -> None:
        said = call("describe", "mine.toml")
        assert said.code == 0
        for kind in (MARKETS, BUYERS, SUPPLIERS, INSTRUMENTS):
            for row in kind.rows.values():
                assert f" {row.name} = " in said.out
                assert row.text in said.out
        assert "  * buyers = 5  [buyers; 1 to 10000000; default 100]" in said.out
        assert "    contacts = 8  [suppliers; 1 to 32; default 8]" in said.out

    def test_changes_are_marked_where_they_are(self, call: Call) -> None:
        said = call(
            "describe", "mine.toml", "--set", "policies.buyers.high_trust.bidders=9",
            "--set", "arms.low.market.hold_up=0.125", "--set", "instruments.escrow.reach=0.5",
        )  # fmt: skip
        marked = [line.split(" = ")[0].strip() for line in said.out.splitlines()
                  if line.startswith("  * ")]  # fmt: skip
        assert set(marked) == {
            "* rounds", "* replications", "* buyers", "* suppliers", "* bidders", "* hold_up",
            "* reach",
        }  # fmt: skip

    def test_one_arm(self, call: Call) -> None:
        said = call("describe", "mine.toml", "--arm", "low")
        assert "arm low" in said.out
        assert "policy adversarial" in said.out
        assert "high_trust" not in said.out
        refused(call("describe", "mine.toml", "--arm", "lwo"), ["'lwo'", 'did you mean "low"'])

    def test_what_is_built_in_is_told_with_its_source(self, call: Call) -> None:
        own = "[policies.buyers.mine]\nbidders = 3\n[arms.own]\nbuyer_mix = { mine = 1.0 }\n"
        Path("mine.toml").write_text(CONFIG + own, encoding="utf-8")
        lines = call("describe", "mine.toml").out.splitlines()
        known = library().rows(SIDES["buyer"])["high_trust"]
        place = next(
            i for i, line in enumerate(lines) if line.endswith(f"({word(known, 'description')})")
        )
        assert word(known, "source")
        assert lines[place].split()[-1] != "config)"
        assert lines[place + 1] == f"  source: {word(known, 'source')}"
        (mine,) = (line for line in lines if line.endswith("mine (defined in the config)"))
        assert not lines[lines.index(mine) + 1].startswith("  source:")

    def test_own_sources_are_shown(self, call: Call) -> None:
        text = CONFIG.replace("buyers = 5", 'buyers = { value = 5, source = "our books" }')
        Path("mine.toml").write_text(text, encoding="utf-8")
        assert "Source: our books." in call("describe", "mine.toml").out

    def test_parameters_stand_under_their_mechanisms(self, call: Call) -> None:
        said = call("describe", "mine.toml", "--arm", "low")
        market = said.out.partition("market, based on components")[2].partition("arm low")[0]
        mechanism = ""
        homes: dict[str, str] = {}
        for line in market.splitlines():
            if line.startswith("    mechanism "):
                mechanism = line.split()[1]
            elif line.startswith("  ") and line[2:4].isalpha():
                mechanism = ""
            elif " = " in line and "  [" in line:
                homes[line[4:].split(" = ")[0]] = mechanism
        assert homes == {name: OWNERS.get(name, "") for name in MARKETS.rows}

    def test_what_is_off_is_said_where_it_is(self, call: Call) -> None:
        said = call(
            "describe", "mine.toml",
            "--set", 'market.without=["hold_up"]', "--set", 'arms.low.without=["delisting"]',
        )  # fmt: skip
        market, _, arms = said.out.partition("arm high")
        high, _, low = arms.partition("arm low")
        assert "    without = hold_up\n" in market
        assert "    without = hold_up\n" in high
        assert "    without = hold_up, delisting\n" in low
        assert "    off with them: new_identities\n" in low

    def test_the_source_of_an_arms_own_value_is_given_there(self, call: Call) -> None:
        value = 'arms.low.market.hold_up={value = 0.25, source = "a visit"}'
        said = call("describe", "mine.toml", "--set", value).out
        market, _, arms = said.partition("arm high")
        assert "a visit" not in market
        lines = arms.partition("arm low")[2].splitlines()
        (place,) = [i for i, line in enumerate(lines) if "hold_up = 0.25" in line]
        assert lines[place + 1].endswith("Source: a visit.")

    def test_a_market_of_a_file_is_named(self, call: Call) -> None:
        Path("castings.toml").write_text('[market]\ndescription = "Castings"\nsuppliers = 3\n')
        said = call("describe", "mine.toml", "--set", "market.based_on=castings.toml")
        assert "market, based on castings.toml (Castings)" in said.out
        assert "    suppliers = 3  [" in said.out


def test_reference_is_up_to_date() -> None:
    from trustsim.commands.describe import reference

    page = ROOT / "docs" / "parameters.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "run: python -m trustsim.commands.describe > docs/parameters.md"
    )
