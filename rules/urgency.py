"""Whether a customer's note speaks of something that must not wait: such a return goes the fast way (VIP 通道).

Read at the door: the note itself stays in the store, and only the word's id travels.

What it does not understand: negations that stand further off than a filler or two ("没有包装破损"), or behind the
word ("破损是没有的"); questions, quotations and irony; other languages, and words spelt wrong. In doubt it says urgent:
a return hurried for nothing costs less than a customer who is ill and waits.

Source: 过敏, 破损 and 掉色 as words that hurry a return are the trade's; the others are of their kind.
"""

import re
import unicodedata

from models.noun import Id

# The gravest first: expressions, of folded text.
SPELLINGS: dict[Id, tuple[str, ...]] = {
    "hurt": ("受[伤傷]", "[割烫燙灼]伤", "[出流]血", r"hurts?\b", r"injur\w+", r"bleed\w*", r"bled\b"),
    "poisoned": ("中毒", "住院", "急[诊診]", "送[医醫]", r"poison\w*", r"hospital(?:i[sz]ed)?\b"),
    "fire": (
        "[起着著失]火",
        "冒[烟煙]",
        "爆炸",
        "自燃",
        r"(?:caught|on|a) fire\b",
        r"smok(?:e|es|ed|ing)\b",
        r"explo[ds]\w+",
    ),
    "burn": ("[触觸漏][电電]", "烧焦", r"burn(?:s|t|ed|ing)?\b", r"electric(?:al)? shock"),
    "allergy": ("[过過]敏", "起疹", "皮疹", "[红紅][肿腫]", r"allerg\w+", r"rash(?:es)?\b", r"swollen\b"),
    "leak": ("漏[液油水]", "[渗滲泄洩]漏", r"leak\w*", r"spill\w*", r"spilt\b"),
    "broken": ("破[损損碎裂]", "碎了", "摔[坏壞碎]", r"broken?\b", r"shatter\w*", r"smashed\b", r"damaged?\b"),
    "fading": ("掉色", "褪色"),
}
HAN = "\u3400-\u9fff"
WORD = "|".join(spelling for row in SPELLINGS.values() for spelling in row)
NOT = "(?:没有|沒有|并未|并无|没|沒|未|无|無|不是|不会|不|别)"
FILLER = "(?:发现|發現|任何|出现|出現|什么|明显|见到|见|有|会|再|被)"
NOT_EN = r"(?:\b(?:no|not|never|nor|without)|n't|\b(?:isnt|wasnt|arent|doesnt|didnt))"
FILLER_EN = r"(?:any|a|an|been|be|get|got|yet|at all|signs? of|traces? of)"
# A list goes on being denied after 和 and "or", and not after a comma.
DENIED = re.compile(
    rf"(?:(?<![有是会會]){NOT}{FILLER}{{0,2}}|{NOT_EN}\s+(?:{FILLER_EN}\s+){{0,2}})"
    rf"(?:{WORD})(?:(?:[、和或及]|\s+n?or\s+)(?:any\s+)?(?:{WORD}))*",
    re.ASCII,  # a letter beside a Chinese character ends its word
)
WORDS = {word: re.compile("|".join(f"(?<![a-z]){each}" for each in row), re.ASCII) for word, row in SPELLINGS.items()}


def urgent_word(note: str) -> Id | None:
    """The id of the gravest word of urgency; None: it may wait its turn."""
    said = DENIED.sub(" ", _folded(note))
    return next((word for word, pattern in WORDS.items() if pattern.search(said)), None)


def _folded(note: str) -> str:
    """One spelling: no full-width letters, no capitals, one apostrophe, nothing between two Chinese characters."""
    plain = unicodedata.normalize("NFKC", note).casefold().replace("\u2019", "'")
    visible = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf")
    return re.sub(rf"(?<=[{HAN}])\s+(?=[{HAN}])", "", visible)
