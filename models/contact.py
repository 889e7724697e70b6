"""Who gets the parcel. Personal: it never travels through Temporal, a log or a plain column."""

from pydantic import Field

from models.noun import Noun


class Contact(Noun, frozen=True, extra="forbid", str_strip_whitespace=True):
    """Name, phone and address of one person; kept encrypted, each with a key of its own."""

    name: str = Field(min_length=1, max_length=100)
    phone: str = Field(min_length=5, max_length=20, pattern=r"^\+?[0-9 -]+$")
    province: str = Field(min_length=1, max_length=50)
    city: str = Field(min_length=1, max_length=50)
    district: str = Field(default="", max_length=50)
    district_code: str = Field(pattern=r"^[0-9]{6}$")  # GB/T 2260: two digits province, two city, two district
    address: str = Field(min_length=1, max_length=300)
