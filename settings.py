"""What this installation is told: one frozen noun, read from the environment here and nowhere else."""

import base64
import binascii
import difflib
import os
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, StringConstraints, ValidationError
from pydantic.functional_validators import AfterValidator, BeforeValidator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict, SettingsError
from temporalio.common import WorkerDeploymentVersion
from temporalio.service import TLSConfig

from beside.keepsakes import kept

PREFIX, INSIDE = "OMS_", "__"
RECIPE = 'python3 -c "import secrets; print(secrets.token_urlsafe(32))"'
DRIVER = "postgresql+psycopg://"
KEY_BYTES, SHORTEST = 32, 24


class Misconfigured(ValueError):
    """What we are told is incomplete or wrong; the message says which variable to set, and to what."""


def _key(value: SecretStr) -> SecretStr:
    raw_key(value)
    return value


def _long(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST:
        raise ValueError(f"is shorter than {SHORTEST} characters. Make one: {RECIPE}")
    return value


def _address(value: SecretStr) -> SecretStr:
    scheme, found, rest = value.get_secret_value().partition("://")
    if scheme not in {"postgres", "postgresql", "postgresql+psycopg"} or not found:
        raise ValueError("must look like postgresql://user:password@host:5432/orderhub")
    return SecretStr(DRIVER + rest)


def _listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    given = value.split(",") if isinstance(value, str) else value
    return tuple(name.strip() for name in given if name.strip())


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        ip_network(name)
    return value


def _pairs(value: object) -> object:
    return tuple(value.items()) if isinstance(value, Mapping) else value


def raw_key(secret: SecretStr) -> bytes:
    """The 32 bytes that a key's text stands for.

    Raises: ValueError when it is not base64 (either alphabet, padded or not) of exactly 32 bytes.
    """
    text = secret.get_secret_value().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ValueError(f"is not {KEY_BYTES} bytes in base64. Make one: {RECIPE}")
    return raw


Key = Annotated[SecretStr, AfterValidator(_key)]
Password = Annotated[SecretStr, AfterValidator(_long)]
Address = Annotated[SecretStr, AfterValidator(_address)]
Person = Annotated[str, StringConstraints(pattern=r"^(admin|ops|warehouse|finance|service)/[A-Za-z0-9_.-]{1,40}$")]
Slot = Annotated[int, Field(ge=1)]
Port = Annotated[int, Field(ge=0, le=65535)]
Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z_-]*$", max_length=60)]
Quota = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,6}/[smh]( burst [1-9][0-9]{0,6})?$")]
Build = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$", max_length=100)]


class Part(BaseModel):
    """A group of settings, spelt `OMS_<GROUP>__<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Temporal(Part):
    """Where the stories are kept, and how we prove who we are."""

    address: str | None = Field(None, description="Temporal's host:port; empty: a server beside us is started")
    namespace: str = Field("default", description="Temporal's namespace")
    tls: bool = Field(default=False, description="Speak TLS without a certificate of ours (implied by cert or API key)")
    tls_cert: FilePath | None = Field(None, description="Our certificate for mTLS, a PEM file")
    tls_key: FilePath | None = Field(None, description="The certificate's private key, a PEM file")
    tls_ca: FilePath | None = Field(
        None, description="Who signed the server's certificate, a PEM file; empty: the system"
    )
    tls_server_name: str | None = Field(None, description="The name in the server's certificate, if not its host")
    api_key: SecretStr | None = Field(None, description="API key of Temporal Cloud")
    deployment: Name = Field("order-hub", description="What the versions of our workers are kept under at Temporal")
    build_id: Build | None = Field(None, description="Version of this worker's code; empty: workers without versions")

    @model_validator(mode="after")
    def _cert_and_key(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: set both or neither")
        return self

    @property
    def bearer(self) -> str | None:
        """The API key as the client wants it."""
        return self.api_key.get_secret_value() if self.api_key else None

    @property
    def version(self) -> WorkerDeploymentVersion | None:
        """What our workers say they are, where they are told apart at all."""
        return WorkerDeploymentVersion(self.deployment, self.build_id) if self.build_id else None

    @property
    def security(self) -> TLSConfig | bool:
        """How the client shall secure its connection: the `tls` argument of `Client.connect`."""
        if not (self.tls_cert or self.tls_ca or self.tls_server_name):
            return self.tls or self.api_key is not None
        return TLSConfig(
            server_root_ca_cert=self.tls_ca.read_bytes() if self.tls_ca else None,
            domain=self.tls_server_name,
            client_cert=self.tls_cert.read_bytes() if self.tls_cert else None,
            client_private_key=self.tls_key.read_bytes() if self.tls_key else None,
        )


class Slots(Part):
    """How much each worker takes on at once."""

    stories: Slot = Field(1000, description="Stories that a worker keeps in mind at once")
    ours: Slot = Field(50, description="Hands on our own store at once")
    theirs: Slot = Field(20, description="Calls to one outside party at once")
    parties: Annotated[tuple[tuple[str, Slot], ...], BeforeValidator(_pairs)] = Field(
        (), description='Other numbers for some parties, as JSON: {"sf": 5}'
    )

    def of(self, party: str) -> int:
        """Calls that may be in the air to this party at once."""
        return dict(self.parties).get(party, self.theirs)


class Bulk(Part):
    """One wish for many orders."""

    pace: float = Field(10.0, gt=0, le=1000, description="Orders that all bulk wishes together ask in a second")
    alone: int = Field(200, ge=0, description="Orders up to which one person may confirm a bulk wish alone")


class Limits(Part):
    """How often anybody may come; each process of the door counts for itself. More gets 429, and when to come again."""

    key: Quota = Field("200/s burst 20000", description="Calls of one shop, person or party that proved who it is")
    address: Quota = Field("400/s burst 40000", description="Calls from one address, whoever it is")
    failures: Quota = Field("20/m", description="Wrong keys and signatures from one address")


class Pictures(Part):
    """Where pictures lie, sealed: in a folder, or in a bucket that speaks S3."""

    folder: Path | None = Field(None, description="Folder of pictures, one for all processes; empty: in OMS_DATA")
    bucket: str | None = Field(None, min_length=3, description="S3-compatible bucket of pictures, instead of a folder")
    endpoint: str | None = Field(
        None, pattern=r"^https?://[^\s/]+", description="Where the bucket's service answers, https://host"
    )
    region: str = Field("us-east-1", description="The bucket's region")
    key_id: SecretStr | None = Field(None, description="Access key id for the bucket")
    secret: SecretStr | None = Field(None, description="Secret access key for the bucket")
    virtual_hosted: bool = Field(
        default=False, description="The endpoint's host is the bucket's own, as Alibaba Cloud OSS wants it"
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({told is None for told in (self.bucket, self.endpoint, self.key_id, self.secret)}) > 1:
            raise ValueError("bucket, endpoint, key_id and secret belong together: set all or none")
        return self


class Ports(Part):
    """Where we listen; on the embedded stack a taken port is replaced by a free one. 0: any free one."""

    api: Port = Field(8000, description="The door and the board")
    postgres: Port = Field(15432, description="PostgreSQL of the embedded stack")
    temporal: Port = Field(7233, description="Temporal of the embedded stack")
    ui: Port = Field(8233, description="Temporal's Web UI of the embedded stack")
    metrics: Port = Field(9464, description="A worker's own figures")


class Otel(Part):
    """Who collects the ways of our messages."""

    endpoint: str | None = Field(
        None, pattern=r"^https?://[^\s/]+", description="OpenTelemetry collector (OTLP over HTTP); empty: no traces"
    )
    sample: float = Field(1.0, ge=0, le=1, description="The part of all traces that is kept, from 0 to 1")


class Keys(Part):
    """Who may knock at the door: one key for each role, one for each shop, and one for each person where it matters.

    Why people: who acts stands in the order's story, and money waits for a second person.
    """

    admin: Password = Field(description="API key of the role admin")
    ops: Password = Field(description="API key of the role ops")
    warehouse: Password = Field(description="API key of the role warehouse")
    finance: Password = Field(description="API key of the role finance")
    service: Password = Field(description="API key of the role service")
    shops: Annotated[tuple[tuple[str, Password], ...], BeforeValidator(_pairs)] = Field(
        (), description='API keys of shops, as JSON: {"web/demo": "..."}'
    )
    people: Annotated[tuple[tuple[Person, Password], ...], BeforeValidator(_pairs)] = Field(
        (), description='Keys of single people, by role and name, as JSON: {"finance/li": "..."}'
    )


class Settings(BaseSettings):
    """Everything that differs between two installations.

    Why: without a database address we keep our own beside us, and its secrets are made once and kept in its folder.
    With a database elsewhere nothing is made up: a worker with secrets of its own could read nobody's contacts.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=INSIDE,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    data: Path = Field(Path(".data"), description="Folder of the embedded stack: its servers, logs and secrets")
    database_url: Address | None = Field(None, description="PostgreSQL; empty: a server beside us is started")
    temporal: Temporal = Temporal()
    slots: Slots = Slots()
    bulk: Bulk = Bulk()
    limits: Limits = Limits()
    pictures: Pictures = Pictures()
    ports: Ports = Ports()
    otel: Otel = Otel()
    keys: Keys
    contacts_key: Key = Field(description="Master key that encrypts the keys of contacts: 32 bytes in base64")
    phone_key: Key = Field(description="Key of the hash by which a phone is found: 32 bytes in base64")
    session_key: Key = Field(description="Key that signs the board's sessions: 32 bytes in base64")
    postgres_password: Password | None = Field(None, description="Password of the embedded PostgreSQL")
    public_url: str = Field(
        pattern=r"^https?://[^\s/]+.*[^/]$", description="Where parties reach our door for callbacks"
    )
    proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed), AfterValidator(_networks)] = Field(
        (), description="Our own proxies, by comma: their X-Forwarded-For says whose address counts; empty: the peer's"
    )
    parties_file: FilePath | None = Field(None, description="Accounts at outside parties, a TOML or JSON file")
    queues: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = Field(
        (), description="Task queues that this worker serves, by comma; empty: all"
    )
    log_format: Literal["json", "text"] = Field("json", description="json for machines; text for people in a terminal")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least that is worth a line"
    )

    @model_validator(mode="before")
    @classmethod
    def _homemade(cls, told: dict[str, Any]) -> dict[str, Any]:
        """Without a database address: secrets of our own, and the address of this machine."""
        if told.get("database_url"):
            return {"keys": {}} | told
        ports = _as_told(told.get("ports"))
        own = {"log_format": "text", "public_url": f"http://127.0.0.1:{ports.get('api', Ports().api)}"}
        roles = (role for role, field in Keys.model_fields.items() if field.is_required())
        made = own | kept(Path(told.get("data") or cls.model_fields["data"].default), roles)
        return made | told | {"keys": made["keys"] | _as_told(told.get("keys"))}

    @property
    def is_embedded(self) -> bool:
        """Whether PostgreSQL or Temporal, or both, have to be started beside us."""
        return self.database_url is None or self.temporal.address is None

    @property
    def database(self) -> str:
        """The store's address, for SQLAlchemy.

        Raises: Misconfigured when nobody gave one and no embedded stack was joined.
        """
        if self.database_url is None:
            raise Misconfigured(f"{PREFIX}DATABASE_URL is not set and no embedded stack was joined.")
        return self.database_url.get_secret_value()

    @property
    def temporal_address(self) -> str:
        """Temporal's host and port.

        Raises: Misconfigured when nobody gave one and no embedded stack was joined.
        """
        if self.temporal.address is None:
            raise Misconfigured(f"{PREFIX}TEMPORAL__ADDRESS is not set and no embedded stack was joined.")
        return self.temporal.address

    def reached_at(self, *, database: str | None = None, temporal: str | None = None) -> Self:
        """The same settings, once it is known where a server answers."""
        known = self.temporal.model_copy(update={"address": temporal or self.temporal.address})
        url = _address(SecretStr(database)) if database else self.database_url
        return self.model_copy(update={"database_url": url, "temporal": known})


def _as_told(part: BaseModel | dict[str, Any] | None) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.model_fields_set} if isinstance(part, BaseModel) else part or {}


class Variable(NamedTuple):
    """One line of the manual: what it is called, what it means, what it is when nobody says."""

    name: str
    meaning: str
    default: str | None  # None: must be given


def variables(part: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[Variable]:
    """Every variable there is, in the order of this file."""
    for name, field in part.model_fields.items():
        spelt, kind = prefix + name.upper(), field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from variables(kind, spelt + INSIDE)
        else:
            default = None if field.is_required() else "" if field.default in (None, ()) else str(field.default)
            yield Variable(spelt, field.description or "", default)


def load(**given: Any) -> Settings:
    """What this installation is told, checked.

    Raises: Misconfigured, which names every variable that is missing, wrong or unknown.
    """
    wrong = list(_unknown(os.environ))
    try:
        told = Settings(**given)
    except ValidationError as error:
        wrong += [_in_words(detail["loc"], detail["type"], detail["msg"]) for detail in error.errors()]
    except SettingsError as error:
        wrong.append(f"{error}: it must be JSON")
    except OSError as error:
        wrong.append(f"{PREFIX}DATA: the folder cannot be used: {error}")
    if wrong:
        recipe = (f"A secret can be made so: {RECIPE}",) if any("is not set" in line for line in wrong) else ()
        raise Misconfigured("\n".join((*wrong, *recipe)))
    return told


def passed_on(told: Mapping[str, str]) -> dict[str, str]:
    """What a child of ours is told: what we were, and what we found out."""
    return {**os.environ, **told}


def _unknown(environment: Mapping[str, str]) -> Iterator[str]:
    names = [variable.name for variable in variables()]
    for name in sorted(environment):
        if name.startswith(PREFIX) and name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            yield f"{name} is not a setting." + (f" Did you mean {close[0]}?" if close else "")


def _in_words(where: tuple[int | str, ...], kind: str, message: str) -> str:
    name = PREFIX + INSIDE.join(step.upper() for step in where if isinstance(step, str))
    if kind != "missing":
        return f"{name}: {message.removeprefix('Value error, ')}"
    meaning = {variable.name: variable.meaning for variable in variables()}.get(name, "")
    return f"{name} is not set. {meaning}."
