"""`orderhub shift`: who is on duty, and is reminded of what nobody sees to."""

import asyncio
from datetime import time
from typing import Annotated

import typer
from pydantic import ValidationError

from commands.opening import By, desk
from commands.showing import Json, say, show_json, show_table
from models.case import Owner, Role
from models.duty import Person, Shift
from models.noun import Id
from store.duty import Duty

shifts = typer.Typer(help="Who is on duty and is reminded: list, add, end.", no_args_is_help=True, add_completion=False)
ANY = "any"


@shifts.command("list")
def list_shifts(*, as_json: Json = False) -> None:
    """All that are or will be."""
    known = asyncio.run(_shifts())
    if as_json:
        show_json([{"shift": number, **shift.model_dump(mode="json")} for number, shift in known])
        return
    rows = (
        (number, s.person.id, s.rung, s.role or "any", s.place or s.shop or "any", _hours(s)) for number, s in known
    )
    show_table("Shifts", ("shift", "person", "rung", "role", "where", "when"), rows)


@shifts.command("add")
def add_shift(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Who looks.")],
    *,
    robot: Annotated[str, typer.Option(help="The messenger account whose room the person reads.")],
    rung: Annotated[Owner, typer.Option(help="owner, then lead, then manager.")] = Owner.OWNER,
    role: Annotated[Role | None, typer.Option(help="Whose work; else any.")] = None,
    place: Annotated[str | None, typer.Option(help="One place; else any.")] = None,
    shop: Annotated[str | None, typer.Option(help="<channel>/<shop> or a channel; else any.")] = None,
    days: Annotated[str, typer.Option(help="1 is Monday: 12345")] = "1234567",
    hours: Annotated[str, typer.Option(help="09:00-18:00; over midnight too.")] = "00:00-00:00",
    zone: Annotated[str, typer.Option(help="The zone of these hours.")] = "Asia/Shanghai",
    by: By,
) -> None:
    """One more shift."""
    try:
        begins, ends = map(time.fromisoformat, hours.split("-"))
        shift = Shift(
            person=Person(id=person, robot=robot), rung=rung, role=role, place=place, shop=shop,
            days=tuple(map(int, days)), begins=begins, ends=ends, zone=zone,
        )  # fmt: skip
    except ValidationError as error:
        raise typer.BadParameter("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors())) from None
    except ValueError:
        raise typer.BadParameter("Write --days 12345 and --hours 09:00-18:00.") from None
    say(f"Shift {asyncio.run(_add(shift, by))} begins to count now.", "green")


@shifts.command("end")
def end_shift(
    shift: Annotated[int, typer.Argument(metavar="SHIFT", help="Its number in the list.")], *, by: By
) -> None:
    """From now on nobody counts on it."""
    asyncio.run(_end(shift, by))
    say(f"Shift {shift} is over.", "green")


def _hours(shift: Shift) -> str:
    days = "".join(map(str, shift.days))
    return f"{days} {shift.begins:%H:%M}-{shift.ends:%H:%M} {shift.zone}"


async def _shifts() -> tuple[tuple[int, Shift], ...]:
    async with desk() as opened:
        return await Duty(opened.db).shifts()


async def _add(shift: Shift, by: Id) -> int:
    async with desk() as opened:
        number = await Duty(opened.db).add(shift)
        await opened.noted(by, "add_shift", str(number))
        return number


async def _end(shift: int, by: Id) -> None:
    async with desk() as opened:
        await Duty(opened.db).end(shift)
        await opened.noted(by, "end_shift", str(shift))
