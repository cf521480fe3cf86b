"""What each route is about, and whether a principal may read that.

A route declares one of `About`. One that declares nothing is about whole sets: whoever may read
only some keys or columns of a set is refused there, and where its path names no set, everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, quote, unquote

import msgspec
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from estimates.access.grant import Grant
from estimates.access.principal import Principal
from estimates.errors import InvalidError, NotFoundError, RefusedError
from estimates.reading.row_request import TO
from estimates_api.http.bodies import Batch
from estimates_api.http.parameters import PageParameters
from estimates_api.http.url_text import read_fields

About = Literal[
    "anybody",  # nothing of a set
    "metrics",
    "usage",  # several sets, too; the handler shows those that are granted as a whole
    "sets",  # several sets; the handler shows those that `visible` lets through
    "set",  # what is said of a set without keys and values
    "whole_set",
    "lookup",  # one key, named by the path; `fields` chooses columns
    "page",  # keys under a leading part, named by the query; `fields` chooses columns
    "batch",  # keys and fields of the body: the handler takes `allowed_batch` of it
    "key",  # all columns of one key, named by the path
]
OPT = "about"
_RIGHTS = ("metrics", "usage")  # each needs its own
WHOLE_SET: About = "whole_set"
T = TypeVar("T")
Connection = ASGIConnection[Any, Any, Any, Any]


def check_route(connection: Connection, handler: BaseRouteHandler) -> None:
    """A guard of every route.

    Raises NotFoundError (`unknown_set`, `outside_grant`), InvalidError (`unknown_field`),
    RefusedError (`not_permitted`, `whole_set_needed`).
    """
    about: About = handler.opt.get(OPT, WHOLE_SET)
    principal = principal_of(connection.scope)
    if principal is None or about == "anybody":
        return
    right = about if about in _RIGHTS else "read"
    if right not in principal.may:
        raise RefusedError(
            "not_permitted",
            f"the token of {principal.name} does not allow `{right}`",
            remedy=f"ask the operator for one that may: --may {right}",
        )
    if about in (*_RIGHTS, "sets"):
        return
    name = connection.path_params.get("set")
    if name is None:  # nobody said what it shows
        raise RefusedError(
            "not_permitted",
            "this address answers nobody who has to show a token",
            remedy="tell the operator: its route names no set and says nothing of what it is about",
        )
    name = unquote(name)
    grants = grants_of(connection, principal, name)
    other = _query(connection).get("other")
    if other:
        _check_whole(other, grants_of(connection, principal, other))
    if any(grant.whole for grant in grants) or about in ("set", "batch"):
        return
    if about == WHOLE_SET:
        raise _whole_set_needed(name, grants)
    _narrow(connection, name, _parts(connection, about, name), grants, chooses=about != "key")


def principal_of(scope: Any) -> Principal | None:
    """Who asks; None where anybody may read."""
    return scope.get("principal")


def grants_of(connection: Connection, principal: Principal, name: str) -> list[Grant]:
    """The grants about a set; raises NotFoundError (`unknown_set`), with the same words for a set
    that may not be read and one that there is not.
    """
    grants = principal.grants_of(name)
    if not grants or name not in connection.app.state.follower.view.sets:
        raise NotFoundError(
            "unknown_set",
            f"there is no set {name!r}",
            remedy="GET /v1/sets shows those that you may read",
        )
    return grants


def check_set(connection: Connection, name: str) -> None:
    """Raises what `grants_of` raises, and nothing where anybody may read."""
    principal = principal_of(connection.scope)
    if principal is not None:
        grants_of(connection, principal, name)


def check_whole_set(connection: Connection, name: str) -> None:
    """As `check_set`; raises also RefusedError (`whole_set_needed`)."""
    principal = principal_of(connection.scope)
    if principal is not None:
        _check_whole(name, grants_of(connection, principal, name))


def visible(scope: Any, items: Iterable[T], set_of: Callable[[T], str]) -> Iterable[T]:
    """The items about sets of which the principal may read anything."""
    principal = principal_of(scope)
    if principal is None:
        return items
    return (item for item in items if principal.grants_of(set_of(item)))


def watches(scope: Any, name: str) -> bool:
    """Whether the principal may have the metrics of a set."""
    principal = principal_of(scope)
    return principal is None or principal.watches(name)


def wholly_visible(scope: Any, items: Iterable[T], set_of: Callable[[T], str]) -> Iterable[T]:
    """The items about sets that the principal may read as a whole, and those about no set."""
    principal = principal_of(scope)
    if principal is None:
        return items
    return (item for item in items if not set_of(item) or principal.reads_whole(set_of(item)))


def allowed_batch(connection: Connection, name: str, batch: Batch) -> Batch:
    """The batch with the fields that may be read.

    Raises NotFoundError (`outside_grant`: a key may not be read), InvalidError (`unknown_field`).
    """
    principal = principal_of(connection.scope)
    if principal is None or principal.reads_whole(name):
        return batch
    grants = principal.grants_of(name)
    firsts = {str(key[0]) for key in batch.keys if key}
    allowed = [_columns(_matching(name, _first_part(connection, name, p), grants)) for p in firsts]
    narrowed = [columns for columns in allowed if columns is not None]
    if not narrowed:
        return batch
    columns = set.intersection(*narrowed)
    fields = _chosen(connection, name, columns, batch.fields)
    return msgspec.structs.replace(batch, fields=fields)


def _parts(connection: Connection, about: About, name: str) -> dict[str, str]:
    """The parts of the key that are asked for, as far as grants are about them: by column."""
    if about == "page":  # a range is no single value, and a name of the route's own no column
        own = PageParameters.__struct_fields__
        query = _query(connection).items()
        return {column: text for column, text in query if column not in own and TO not in text}
    key = connection.path_params["key"].strip("/").split("/")
    return _first_part(connection, name, unquote(key[0]))


def _first_part(connection: Connection, name: str, text: str) -> dict[str, str]:
    """The first part of a key by its column; nothing where not all keys of the set, those of its
    earlier shapes too, begin with the same.
    """
    of_set = connection.app.state.follower.view.set(name)
    columns = of_set.memoize(
        "first parts",
        lambda: {next(iter(of_set.revision(r.revision).key)) for r in of_set.contracts},
    )
    return dict.fromkeys(columns, text) if len(columns) == 1 else {}


def _narrow(
    connection: Connection,
    name: str,
    parts: dict[str, str],
    grants: Sequence[Grant],
    *,
    chooses: bool,
) -> None:
    """Check the key, and have the route answer the columns that may be read of it."""
    columns = _columns(_matching(name, parts, grants))
    if columns is None:
        return
    if not chooses:
        raise _whole_set_needed(name, grants)
    query = _query(connection)
    text = query.pop("fields", None)
    chosen = _chosen(connection, name, columns, read_fields(text))
    of_set = connection.app.state.follower.view.set(name)
    # a version of an earlier shape has columns of its own
    known = of_set.memoize(
        "columns of all shapes",
        lambda: {c for r in of_set.contracts for c in of_set.revision(r.revision).columns},
    )
    order = [column.removeprefix("-") for column in query.get("order", "").split(",") if column]
    bounded = [column for column in query if column in known]
    # an order and a bound tell of their columns
    _chosen(connection, name, columns | set(of_set.contract.key), [*order, *bounded])
    pairs = [f"{quote(key)}={quote(value)}" for key, value in query.items()]
    scope: Any = connection.scope
    scope["query_string"] = "&".join([*pairs, f"fields={quote(','.join(chosen))}"]).encode()


def _query(connection: Connection) -> dict[str, str]:
    """The query, which the framework has not read yet: what it reads is what stands here."""
    text = connection.scope["query_string"].decode(errors="replace")
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if query.setdefault(name, value) != value:
            raise InvalidError(
                "repeated_parameter",
                f"query parameter {name!r} is given more than once",
                remedy="give it once",
            )
    return query


def _matching(name: str, parts: dict[str, str], grants: Iterable[Grant]) -> list[Grant]:
    """The grants that a key falls under; raises NotFoundError (`outside_grant`)."""
    grants = list(grants)
    matching = [
        grant for grant in grants if grant.where is None or parts.get(grant.where) in grant.values
    ]
    if not matching:
        raise NotFoundError("outside_grant", f"{name}: {_words(grants)}", remedy="ask for those")
    return matching


def _columns(grants: Iterable[Grant]) -> set[str] | None:
    """The columns that grants open together; None: all."""
    columns: set[str] = set()
    for grant in grants:
        if grant.columns is None:
            return None
        columns |= set(grant.columns)
    return columns


def _chosen(
    connection: Connection, name: str, columns: set[str], fields: Sequence[str] | None
) -> list[str]:
    """The fields to answer; raises InvalidError (`unknown_field`), as of a column that there is
    not.
    """
    if fields is None:
        contract = connection.app.state.follower.view.set(name).contract
        return [column for column in contract.columns if column in columns]
    for field in fields:
        if field not in columns:
            raise InvalidError(
                "unknown_field",
                f"{name}: there is no column {field!r}",
                remedy=f"columns: {', '.join(sorted(columns))}",
            )
    return list(fields)


def _check_whole(name: str, grants: Sequence[Grant]) -> None:
    if not any(grant.whole for grant in grants):
        raise _whole_set_needed(name, grants)


def _whole_set_needed(name: str, grants: Iterable[Grant]) -> RefusedError:
    return RefusedError(
        "whole_set_needed",
        f"this answer is about the whole of {name}, and {_words(grants)}",
        remedy="ask for single estimates or a page of them",
    )


def _words(grants: Iterable[Grant]) -> str:
    return f"the token reads {', '.join(grant.text() for grant in grants)}"
