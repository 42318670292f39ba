"""The invented people who write to the demo's list, and how their mail programs behave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LIST_NAME: Final = "devel.lists.slackwater.example.org"
LIST_ADDRESS: Final = "devel@lists.slackwater.example.org"

SHORT: Final = "On {date}, {name} wrote:"
BARE: Final = "{name} writes:"
JAPANESE: Final = "{date}、{name} さんは書きました:"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address under a reserved domain; `zone` is in minutes east of Greenwich."""

    name: str
    address: str
    zone: int = 0
    signature: str = ""
    agent: str = "git-send-email 2.51.0"
    encoding: str = "8bit"
    attribution: str = SHORT

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


PEOPLE: Final[dict[str, Person]] = {
    # The maintainer: few words, always kind.
    "tove": Person("Tove Strandlund", "tove@slackwater.example.org", 120, "Tove", "Mutt/2.2.13"),
    # Builds, releases of the stable branch.
    "marek": Person("Marek Dvořáček-Přílivný", "marek@slackwater.example.org", 120),
    # The mathematics.
    "ines": Person("Inês Marégrafo", "ines@harmonia.invalid", 60, "Inês", "b4 0.16.0"),
    # Gauges; his company's gateway turns everything into base64.
    "kenji": Person(
        "潮見 健司", "kenji@shiomi.invalid", 540, "潮見", encoding="base64", attribution=JAPANESE
    ),
    # Reads everything as an attacker would.
    "dafna": Person("דפנה גלים", "dafna@galim.invalid", 180, "Dafna / דפנה", "b4 0.16.0"),
    # Calendars and time zones.
    "samir": Person("سمير المرفأ", "samir@marfa.invalid", 180, "Samir / سمير"),
    # Tests on the harbour wall.
    "eleni": Person(
        "Ελένη Αλμυροπούλα",
        "eleni@limani.invalid",
        180,
        "Ελένη",
        encoding="quoted-printable",
    ),
    # The nit-picker, and right more often than people like.
    "arkady": Person("Аркадий Приливин", "arkady@priliv.invalid", 180, attribution=BARE),
    # The Python client.
    "zofia": Person("Zofia Łękawa-Ćmielna", "zofia@przystan.invalid", 120, "Zofia", "b4 0.16.0"),
    # Was there when the project was a shell script; answers above the quote.
    "bram": Person("Bram van der Getij", "bram@getij.invalid", 120, "Bram", "Pijlpost 7.1"),
    # The newcomer.
    "nia": Person("Nia Penhallow-Rhys", "nia@porthgwyn.invalid", 60),
    # Runs it on buoys.
    "otis": Person("Otis Fairweather Bell", "otis@bellbuoy.invalid", -300, "Otis"),
    # Log, reload, anything that operators touch.
    "priya": Person("Priya Kadalmani", "priya@kadal.invalid", 330, "Priya", "b4 0.16.0"),
    # Packages it for a distribution.
    "hamish": Person("Hamish Skerryvane", "hamish@skerry.invalid", 60, "Hamish"),
    # Writes the documentation.
    "lucia": Person("Lucía Bajamarina", "lucia@bajamar.invalid", 120, "Lucía"),
    # Speed.
    "jonas": Person("Jónas Flóðgáttarson", "jonas@flod.invalid", 0, "Jónas"),
    "tidepool": Person(
        "Tidepool CI", "ci@tidepool.invalid", 0, "Tidepool CI, a robot", "tidepool/3.4"
    ),
    "limpet": Person(
        "limpet static checker", "limpet@bots.example.org", 0, "limpet clings to bugs", "limpet/0.9"
    ),
    # The hostile mails are Mallory's; they say what they try.
    "mallory": Person(
        "Mallory Wrecker", "mallory@wreckers.invalid", 0, encoding="quoted-printable"
    ),
    # Shows the visitor around.
    "wren": Person("Wren, your pilot", "wren@patchdesk.invalid", 0, "Wren", "b4 0.16.0"),
}
