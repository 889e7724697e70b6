"""Both READMEs say what the code says: every setting, command, target, endpoint, file and test that they name is there.

A table that is wrong is printed as it should be: paste it.
"""

import re
from pathlib import Path

import pytest

from api.app import create_app
from cli import COMMANDS, command_of
from models.case import Role
from settings import variables
from tests.api.test_roles import MATRIX, WISHES

HOUSE = Path(__file__).parent.parent
ENGLISH, CHINESE = "README.md", "README.zh-CN.md"
READMES = (ENGLISH, CHINESE)
LARGEST_PICTURE = 200_000
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NEEDED = {ENGLISH: "must be set", CHINESE: "必填"}
WHO = {
    ENGLISH: {"public": "public", "signed": "signed", "all": "all", "staff": "staff"},
    CHINESE: {"public": "公开", "signed": "店铺签名", "all": "全部角色", "staff": "全体员工"},
}
FILE = re.compile(r"`([\w/]+(?:\.py|/))`")
MARKS = ("<!-- benchmarks -->", "<!-- /benchmarks -->")


def words_of(readme):
    return (HOUSE / readme).read_text("utf-8")


def prose_of(readme):
    """Without blocks of code, where a # is no heading."""
    return FENCE.sub("", words_of(readme))


def rows_of(readme, first):
    """The cells of every table row whose first cell begins so."""
    lines = [line.strip("|").split("|") for line in words_of(readme).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [row for row in cells if row[0].startswith(first)]


def spelt(variable, readme):
    if variable.default is None:
        return NEEDED[readme]
    return f"`{variable.default}`" if variable.default else ""


def commands_of(name, group):
    """`name` itself, or each command below it."""
    below = getattr(group, "commands", None)
    return [f"{name} {one}" for one in below] if below else [name]


@pytest.mark.parametrize("readme", READMES)
def test_every_setting_has_its_row_with_its_default(readme):
    wanted = [[f"`{known.name}`", spelt(known, readme)] for known in variables()]
    told = [[row[0], row[2]] for row in rows_of(readme, "`OMS_")]

    should_be = "\n".join(f"| `{known.name}` | {known.meaning} | {spelt(known, readme)} |" for known in variables())
    assert told == wanted, f"The table of settings in {readme} should be:\n{should_be}"


def test_the_english_table_says_what_the_settings_say():
    wanted = [[f"`{known.name}`", known.meaning] for known in variables()]

    assert [row[:2] for row in rows_of(ENGLISH, "`OMS_")] == wanted


@pytest.mark.parametrize("readme", READMES)
def test_every_command_is_named(readme):
    known = [command for name in COMMANDS for command in commands_of(name, command_of(name))]

    assert [command for command in known if f"`orderhub {command}" not in words_of(readme)] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_target_of_make_is_named(readme):
    targets = re.findall(r"^([a-z]+):.*## ", (HOUSE / "Makefile").read_text(), re.MULTILINE)

    assert targets
    assert [target for target in targets if f"`make {target}" not in words_of(readme)] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_endpoint_is_named_with_who_may_ask(readme, described):
    endpoints = [(method.upper(), path) for path, methods in described["paths"].items() for method in methods]
    told = {row[0].strip("`"): row[1] for row in rows_of(readme, ("`GET /", "`POST /"))}

    assert sorted(told) == sorted(f"{method} {path}" for method, path in endpoints)
    assert {f"{method} {path}": told[f"{method} {path}"] for method, path in endpoints} == {
        f"{method} {path}": spelt_roles(MATRIX[method, path], readme) for method, path in endpoints
    }


@pytest.mark.parametrize("readme", READMES)
def test_every_wish_is_named_with_who_may_want_it(readme):
    told = {row[0].strip("`"): row[-1] for kind in WISHES for row in rows_of(readme, f"`{kind}`")}

    assert told == {kind: spelt_roles(roles, readme) for kind, roles in WISHES.items()}


@pytest.fixture(scope="module")
def described():
    class Nothing:
        def __getattr__(self, _):
            return None

    return create_app(Nothing()).openapi()


def spelt_roles(roles, readme):
    if isinstance(roles, str):
        return WHO[readme][roles]
    staff = set(Role) - {Role.SHOP}
    known = {frozenset(Role): WHO[readme]["all"], frozenset(staff): WHO[readme]["staff"]}
    return known.get(frozenset(roles)) or ", ".join(role for role in Role if role in roles)


def test_both_have_the_same_headings_pictures_and_tables():
    def shape(readme):
        words = prose_of(readme)
        headings = re.findall(r"^(#+) ", words, re.MULTILINE)
        return headings, len(re.findall(r"^\|[ :-]+\|", words, re.MULTILINE)), words.count("!["), words.count("\n| ")

    assert shape(ENGLISH) == shape(CHINESE)


@pytest.mark.parametrize("readme", READMES)
def test_every_picture_and_link_leads_to_a_file(readme):
    links = re.findall(r"\]\(([^)#:]+)\)", prose_of(readme))

    assert [link for link in links if not (HOUSE / link).exists()] == []


def test_pictures_are_used_and_small():
    pictures = [path for path in (HOUSE / "docs").iterdir() if path.is_file()]
    used = words_of(ENGLISH) + words_of(CHINESE)

    assert pictures
    assert [path.name for path in pictures if f"docs/{path.name}" not in used] == []
    assert [path.name for path in pictures if path.stat().st_size > LARGEST_PICTURE] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_test_and_file_that_is_named_is_there(readme):
    quoted = re.findall(r"`([^`\n]+)`", prose_of(readme))
    tests = {
        name
        for path in (HOUSE / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    files = [word for word in quoted if re.fullmatch(r"[\w.-]+/[\w./-]+\.(py|toml|yml|lock|html|md)", word)]

    assert [word for word in quoted if re.fullmatch(r"test_\w+", word) and word not in tests] == []
    assert [file for file in files if not any((place / file).exists() for place in (HOUSE, HOUSE / "connectors"))] == []


@pytest.mark.parametrize("readme", READMES)
def test_every_noun_stands_where_the_table_says(readme):
    lines = [line for line in words_of(readme).splitlines() if line.startswith("|")]
    head = next(number for number, line in enumerate(lines) if "| models | rules |" in line)
    rooms = [cell.strip() for cell in lines[head].split("|")[2:-1]]
    cells = [line.split("|")[2:-1] for line in lines[head + 2 :] if line.count("|") == len(rooms) + 2]
    named = [
        f"{room}/{file}" for row in cells for room, cell in zip(rooms, row, strict=True) for file in FILE.findall(cell)
    ]

    assert len(named) > len(rooms)
    assert [path for path in named if not (HOUSE / path).exists()] == []


@pytest.mark.parametrize("readme", READMES)
def test_there_is_a_place_for_the_figures(readme):
    begins, ends = (words_of(readme).count(mark) for mark in MARKS)

    assert (begins, ends) == (1, 1)
