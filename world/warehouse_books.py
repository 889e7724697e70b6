"""What a warehouse writes down."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Work:
    """One box to be packed: what is on its label, and what goes into it."""

    parcel: str
    waybill: str
    place: str
    courier: str
    skus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scan:
    """One beep."""

    id: str
    step: str  # pick | pack | ship | put_back | received_back
    code: str  # parcel or waybill, as the label has it
    place: str
    at: str  # RFC 3339, by the clock of the device
    operator: str
    is_live: bool
    sku: str | None = None


@dataclass(frozen=True)
class Heard:
    """What the hub said to one beep."""

    scan: str
    word: str
    reason: str | None = None


@dataclass
class Books:
    """What was really done with the boxes."""

    scans: list[Scan] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    turned_away: list[str] = field(default_factory=list)  # scans that the hub would not read at all
    handed_over: list[str] = field(default_factory=list)  # waybills given to a driver
    put_back: list[str] = field(default_factory=list)  # parcels whose things went back on the shelf
    received_back: list[str] = field(default_factory=list)  # waybills that came home
    done: list[str] = field(default_factory=list)  # parcels that need no more hands

    def said(self, scan: str) -> Heard | None:
        """The last thing the hub said to it."""
        return next((heard for heard in reversed(self.heard) if heard.scan == scan), None)


def spelled(scan: Scan) -> dict[str, object]:
    """One beep, as the scanners' software sends it."""
    return {
        "id": scan.id,
        "step": scan.step,
        "code": scan.code,
        "sku": scan.sku,
        "place": scan.place,
        "at": scan.at,
        "operator": scan.operator,
        "live": scan.is_live,
    }
