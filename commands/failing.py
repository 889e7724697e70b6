"""What went wrong, in a sentence for whoever sits at the terminal, and what to do next."""

from api.sentences import SENTENCES
from commands.opening import Several
from connectors.registry import Unknown
from models.errors import Failure
from settings import Misconfigured
from stack import Down
from store.database import Broken

SERVERS = "Production: see that the servers of OMS_DATABASE_URL and OMS_TEMPORAL__ADDRESS run. Here: orderhub up"
NEXT = {
    "order_unknown": "There is no such order. Look for it on the board, or ask GET /orders?q=…",
    "case_unknown": "There is no such open case. See them: orderhub case list",
    "closed_already": "This case is closed. See them: orderhub case list --closed",
    "stuck_retry_or_give_up": "Its order stands still until somebody presses Retry or Give up on its page.",
    "place_unknown": "There is no such place. See them: orderhub place list. Add one: orderhub place add",
    "shift_unknown": "There is no such shift. See them: orderhub shift list",
    "zone_unknown": "PostgreSQL knows no such time zone. Write it like Asia/Shanghai.",
    "no_rung_of_people": "Only owner, lead and manager are people.",
    "bulk_unknown": "There is no such bulk wish. See them: orderhub bulk list",
    "wants_second": "So many orders, or money that goes back, want somebody else: say who with --by.",
    "other_plan": "This is not what you saw. Look again: orderhub bulk show <number>",
    "not_confirmed": "Nobody has confirmed it. See how: orderhub bulk show <number>",
    "plan_too_old": "It was counted more than a day ago. Count again: orderhub bulk plan",
    "more_than_counted": "There are more orders by now. Count again: orderhub bulk plan",
    "row_unknown": "There is no such row. See them: orderhub inbox list",
    "postgres_too_old": "The database is older than PostgreSQL 18. Upgrade it, then run this again.",
    "tables_newer": "The tables were made by newer code than this. Run that version of the code, or a newer one.",
    "store_away": f"The database does not answer. {SERVERS}",
    "temporal_away": f"Temporal does not answer. {SERVERS}",
    "story_silent": "Temporal does not answer in time. It may have been done: ask again.",
}


def sentence(failure: Exception) -> str | None:
    """None: nobody but us can mend it."""
    match failure:
        case Several():
            return f"Several orders are called so. Say which: {', '.join(failure.orders)}"
        case Failure():
            return NEXT.get(failure.code) or SENTENCES.get(failure.code) or f"It was refused: {failure.code}"
        case Broken():
            return f"The database refused a statement ({failure}). Are its tables up to date? Run: orderhub migrate"
        case Down() | Misconfigured() | Unknown():
            return str(failure)
    return None
