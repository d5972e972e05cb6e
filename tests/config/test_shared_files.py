"""Files that several experiments share: a market to start from, policies and instruments."""

from __future__ import annotations

from pathlib import Path

import pytest

from trustsim.config.experiment import ExperimentConfig, load_experiment
from trustsim.config.library import built_in_markets
from trustsim.config.scenario import Scenario
from trustsim.errors import ConfigError

MARKET = """
[market]
description = "Castings"
source = "our books"
instruments = ["escrow", "open_account"]
buyers = 7
hold_up = { value = 0.25, source = "a visit" }
[market.supplier_mix]
cooperative = 1.0
"""
NARROWER = '[market]\nbased_on = "castings.toml"\nsuppliers = 4\nbuyers = 5\n'
ROWS = """
[policies.buyers.patient]
exploration = 0.01
bidders = { value = 2, source = "a survey" }
[policies.buyers.careful]
based_on = "patient"
inspection = "all"
[policies.suppliers.calculative]
worst = 0.05
[instruments.cheap]
based_on = "escrow"
fee_share = 0.005
"""
ARM = '[arms.a]\nbuyer_mix = "high_trust"\n'
INCLUDE = 'include = ["shared/rows.toml"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir()
    for name, text in (("castings", MARKET), ("narrower", NARROWER), ("rows", ROWS)):
        (tmp_path / "shared" / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def load(folder: Path, text: str, *changes: str) -> ExperimentConfig:
    (folder / "x.toml").write_text(text, encoding="utf-8")
    return load_experiment(folder / "x.toml", changes)


def refusal(folder: Path, text: str, *changes: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load(folder, text, *changes)
    return str(caught.value)


def alone(config: ExperimentConfig, folder: Path) -> ExperimentConfig:
    """Load what is written in a folder where the shared files are not."""
    (folder / "elsewhere").mkdir(exist_ok=True)
    path = folder / "elsewhere" / "again.toml"
    path.write_text(config.to_toml(), encoding="utf-8")
    return load_experiment(path)


class TestMarket:
    def test_a_chain_of_files_ends_at_a_built_in_market(self, folder: Path) -> None:
        config = load(folder, f'[market]\nbased_on = "shared/narrower.toml"\nrivals = 2\n{ARM}')
        market, base = config.arms["a"].market, built_in_markets()["components"]
        assert (market.buyers, market.suppliers, market.hold_up, market.rivals) == (5, 4, 0.25, 2)
        assert market.tender_hours == base.market["tender_hours"].value
        assert config.arms["a"].supplier_mix == {"cooperative": 1.0}
        assert list(config.arms["a"].instruments) == ["escrow", "open_account"]
        assert config.sources["market", "hold_up"] == "a visit"
        assert config.sources["market", "tender_hours"] == base.market["tender_hours"].source

    def test_what_is_written_stands_alone(self, folder: Path) -> None:
        config = load(folder, f'[market]\nbased_on = "shared/narrower.toml"\n{ARM}')
        assert alone(config, folder) == config
        assert 'based_on = "components"' in config.to_toml()

    def test_from_python(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        scenario = Scenario("high_trust", market="shared/castings.toml", contacts=3)
        assert (scenario.market.buyers, scenario.market.contacts) == (7, 3)
        narrower = scenario.replace(market=str(folder / "shared" / "narrower.toml"))
        assert (narrower.market.buyers, narrower.market.contacts) == (5, 3)

    def test_a_file_may_switch_mechanisms_off(self, folder: Path) -> None:
        text = '[market]\nbased_on = "castings.toml"\nwithout = ["ransom"]\n'
        (folder / "shared" / "m.toml").write_text(text, encoding="utf-8")
        market = '[market]\nbased_on = "shared/m.toml"\n'
        config = load(folder, f'{market}without = ["hold_up"]\n{ARM}')
        assert config.arms["a"].without == ("hold_up", "ransom")
        assert alone(config, folder) == config
        said = refusal(folder, f"{market}ransom_rate = 0.5\n{ARM}")
        assert "x.toml: market.ransom_rate = 0.5: the mechanism 'ransom' is off" in said

    def test_a_mechanism_may_be_off_though_the_file_sets_it(self, folder: Path) -> None:
        market = '[market]\nbased_on = "shared/castings.toml"\nwithout = ["hold_up"]\n'
        assert load(folder, market + ARM).arms["a"].market.hold_up == 0.0

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                '[market]\nbased_on = "other.toml"\n',
                "market.based_on = 'other.toml': there is no f",
            ),
            ('[market]\nbased_on = "./"\n', "market.based_on = './': there is no file"),
            ('[market]\nbased_on = "m.toml"\n', "the market is based on itself: m.toml -> m.toml"),
            ('[market]\nbased_on = "component"\n', 'unknown market (did you mean "components"?)'),
            ('[market]\nsupplier_mix = "own"\n', "market.supplier_mix.own = 1.0: unknown supplier"),
            ('[market]\ninstruments = ["x"]\n', "market.instruments = ['x']: unknown instrument"),
            (
                '[market]\nwithout = ["ransom"]\nransom_rate = 0.2\n',
                "market.ransom_rate = 0.2: the mechanism 'ransom' is off",
            ),
            ("[market]\ncost_low = 3.0\n", "market.cost_low = 3.0: must not exceed cost_high"),
            (
                "[market]\nbyers = 3\n",
                'market.byers = 3: unknown market parameter (did you mean "b',
            ),
            ("[market]\nbuyers = 0\n", "market.buyers = 0: allowed: a whole number from 1"),
            ('[market]\nwithout = ["ransum"]\n', "market.without = 'ransum': unknown mechanism"),
            (
                "rounds = 3\n",
                "rounds = 3: a file that a market is based on holds the table [market]",
            ),
            (ARM, "arms = {'a': {'buyer_mix': 'high_trust'}}: a file that a market is based on"),
            ("[market\n", "is not valid TOML"),
        ],
    )
    def test_what_is_refused(self, folder: Path, text: str, said: str) -> None:
        (folder / "shared" / "m.toml").write_text(text, encoding="utf-8")
        found = refusal(folder, f'[market]\nbased_on = "shared/m.toml"\n{ARM}')
        assert said in found
        assert found.startswith(str(folder / "shared" / "m.toml"))

    def test_a_file_that_is_not_there(self, folder: Path) -> None:
        found = refusal(folder, f'[market]\nbased_on = "no.toml"\n{ARM}')
        assert "x.toml: market.based_on = 'no.toml': there is no file" in found
        with pytest.raises(ConfigError, match=r"market = 'a/b': there is no file"):
            Scenario(market="a/b")

    def test_instruments_of_the_file_that_are_no_list(self, folder: Path) -> None:
        (folder / "m.toml").write_text("[market]\ninstruments = 3\n", encoding="utf-8")
        own = '[instruments.x]\nbased_on = "escrow"\n'
        found = refusal(folder, f'[market]\nbased_on = "m.toml"\n{ARM}{own}')
        assert "m.toml: market.instruments = 3: must be a list of names" in found

    @pytest.mark.parametrize("name", ["a\\u0000b.toml", "~nobody-of-this-name/x.toml"])
    def test_what_can_be_no_path(self, folder: Path, name: str) -> None:
        said = refusal(folder, f'[market]\nbased_on = "{name}"\n{ARM}')
        assert "x.toml: market.based_on = '" in said

    def test_a_mix_of_the_file_is_checked_where_its_policies_are_known(self, folder: Path) -> None:
        (folder / "m.toml").write_text('[market]\nsupplier_mix = "own"\n', encoding="utf-8")
        text = f'[market]\nbased_on = "m.toml"\n{ARM}'
        assert "market.supplier_mix.own = 1.0: unknown supplier policy" in refusal(folder, text)
        assert load(folder, f"{text}[policies.suppliers.own]\nworst = 0.5\n")


class TestRows:
    def test_they_are_as_if_they_stood_in_the_file(self, folder: Path) -> None:
        own = load(folder, f'{INCLUDE}[arms.a]\nbuyer_mix = "careful"\n')
        inline = load(folder, f'[arms.a]\nbuyer_mix = "careful"\n{ROWS}')
        assert own.arms == inline.arms
        assert own.sources == inline.sources
        assert own.sources["policies", "buyers", "patient", "bidders"] == "a survey"

    def test_what_is_written_stands_alone(self, folder: Path) -> None:
        text = f'{INCLUDE}[arms.a]\nbuyer_mix = "careful"\nsupplier_mix = "calculative"\n'
        config = load(folder, text)
        back = alone(config, folder)
        assert back == config
        assert "include" not in config.to_toml()

    def test_what_nobody_uses_is_not_written(self, folder: Path) -> None:
        config = load(folder, INCLUDE + ARM)
        back = alone(config, folder)
        assert "patient" not in config.to_toml()
        assert back.arms["a"].id() == config.arms["a"].id()

    def test_an_experiment_may_change_them(self, folder: Path) -> None:
        own = "[policies.buyers.patient]\nbidders = 9\n[instruments.cheap]\nheld = 0\n"
        arm = load(folder, f'{INCLUDE}[arms.a]\nbuyer_mix = "patient"\n{own}').arms["a"]
        patient, cheap = arm.buyer_policies["patient"], arm.instruments["cheap"]
        assert (patient.bidders, patient.exploration) == (9, 0.01)
        assert arm.buyer_policies["careful"].bidders == 9
        assert (cheap.held, cheap.fee_share) == (0, 0.005)
        other = '[policies.buyers.patient]\nbased_on = "adversarial"\n'
        arm = load(folder, INCLUDE + ARM + other).arms["a"]
        assert arm.buyer_policies["patient"] == arm.buyer_policies["adversarial"]

    def test_set_changes_them(self, folder: Path) -> None:
        change = "policies.buyers.patient.bidders=5"
        config = load(folder, INCLUDE + ARM, change)
        assert config.arms["a"].buyer_policies["patient"].bidders == 5
        assert alone(config, folder).arms["a"].id() == config.arms["a"].id()
        found = refusal(folder, INCLUDE + ARM, "policies.buyers.patent.bidders=5")
        assert 'has no policies.buyers.patent (did you mean "patient"?)' in found

    def test_they_may_be_of_a_mechanism_that_is_off(self, folder: Path) -> None:
        row = '[policies.buyers.high_trust]\nsearch = "referral"\n'
        (folder / "shared" / "rows.toml").write_text(row, encoding="utf-8")
        config = load(folder, f'{INCLUDE}[market]\nwithout = ["referrals"]\n{ARM}')
        assert config.arms["a"].buyer_policies["high_trust"].search == "random"

    def test_a_name_stands_in_one_file(self, folder: Path) -> None:
        text = "[policies.buyers.patient]\nbidders = 3\n"
        (folder / "more.toml").write_text(text, encoding="utf-8")
        found = refusal(folder, f'include = ["shared/rows.toml", "more.toml"]\n{ARM}')
        assert "more.toml: policies.buyers.patient: " in found
        assert "rows.toml, which is included too, has one of this name" in found

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (
                "[policies.buyers.x]\nbiders = 3\n",
                "policies.buyers.x.biders = 3: unknown buyer policy",
            ),
            ("[policies.buyer.x]\n", 'unknown side (did you mean "buyers"?)'),
            ('[policies.buyers.x]\nbased_on = "y"\n', "policies.buyers.x.based_on = 'y': unknown"),
            ("[market]\nbuyers = 3\n", "market = {'buyers': 3}: unknown key"),
            ("[instruments.all]\n", "'all' cannot name an instrument"),
        ],
    )
    def test_what_is_refused(self, folder: Path, text: str, said: str) -> None:
        (folder / "shared" / "rows.toml").write_text(text, encoding="utf-8")
        found = refusal(folder, INCLUDE + ARM)
        assert said in found
        assert found.startswith(str(folder / "shared" / "rows.toml"))

    def test_what_is_no_file(self, folder: Path) -> None:
        said = refusal(folder, f'include = ["shared/no.toml"]\n{ARM}')
        assert "x.toml: include = 'shared/no.toml': there is no file" in said
        assert "include = 'rows.toml': allowed: a list of files" in refusal(
            folder, f'include = "rows.toml"\n{ARM}'
        )
        assert "allowed: a list of files" in refusal(folder, f"include = [3]\n{ARM}")

    @pytest.mark.parametrize("name", ["a\\u0000b.toml", "~nobody-of-this-name/x.toml"])
    def test_what_can_be_no_path(self, folder: Path, name: str) -> None:
        said = refusal(folder, f'include = ["{name}"]\n{ARM}')
        assert "x.toml: include = '" in said

    def test_a_misspelt_name_of_theirs_is_found(self, folder: Path) -> None:
        text = f"{INCLUDE}{ARM}[policies.buyers.patiens]\nbidders = 2\n"
        assert "policies.buyers.patiens: no built-in policy" in refusal(folder, text)
        assert 'did you mean "patient"' in refusal(folder, text)
