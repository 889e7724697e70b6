"""Who gets the parcel. Personal: it never travels through Temporal, a log or a plain column."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from models.noun import Noun

# Unicode's control characters, breaks of lines and paragraphs, and what turns the direction of writing: on a label, in
# a list or in a log they make other words of what was written.
UNSEEN = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
Written = Annotated[str, StringConstraints(pattern=f"^[^{UNSEEN}]*$")]
FEWEST_DIGITS = 5


class Contact(Noun, frozen=True, extra="forbid", str_strip_whitespace=True):
    """Name, phone and address of one person; kept encrypted, each with a key of its own."""

    name: str = Field(min_length=1, max_length=100)
    phone: str = Field(min_length=5, max_length=20, pattern=r"^\+?[0-9 -]+$")
    province: str = Field(min_length=1, max_length=50)
    city: str = Field(min_length=1, max_length=50)
    district: str = Field(default="", max_length=50)
    district_code: str = Field(pattern=r"^[0-9]{6}$")  # GB/T 2260: two digits province, two city, two district
    address: str = Field(min_length=1, max_length=300)


class GivenContact(Contact, frozen=True):
    """One that somebody gives us now. What is sealed was given under the rules of its day, and stays readable."""

    name: Written = Field(min_length=1, max_length=100)
    province: Written = Field(min_length=1, max_length=50)
    city: Written = Field(min_length=1, max_length=50)
    district: Written = Field(default="", max_length=50)
    address: Written = Field(min_length=1, max_length=300)

    @field_validator("phone")
    @classmethod
    def _can_be_called(cls, phone: str) -> str:
        if sum(sign.isdigit() for sign in phone) < FEWEST_DIGITS:
            raise ValueError(f"must have at least {FEWEST_DIGITS} digits")
        return phone
