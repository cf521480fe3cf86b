"""A page while it is made: what it asks, its moment and its links; and problems as pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler

from estimates import instants
from estimates.catalog.event_kinds import EventKind
from estimates.errors import EstimatesError, InvalidError
from estimates.render.style import STYLE
from estimates_api.access.route_access import OPT, About, principal_of
from estimates_api.desk.answers import PATIENCE_S, Answer, Answers, NoAnswerError
from estimates_api.desk.filters import FILTERS
from estimates_api.desk.links import Links, answer_path, key_path, set_path
from estimates_api.http.problems import from_error, from_framework, from_unexpected
from estimates_api.http.representation import REVALIDATE, Compressible, content_tag
from estimates_api.http.request_path import raw_path
from estimates_api.http.url_text import ReadRequest

T = TypeVar("T")
CSS = (STYLE + Path(__file__).with_name("desk.css").read_text(encoding="utf-8")).encode()
SCRIPT = Path(__file__).with_name("desk.js").read_bytes()
CSS_NAME = f"{hashlib.sha256(CSS).hexdigest()[:16]}.css"
DOCS_SCRIPT = Path(__file__).with_name("docs.js").read_bytes()
DOCS_SCRIPT_NAME = f"{hashlib.sha256(DOCS_SCRIPT).hexdigest()[:16]}.js"
SCRIPT_NAME = f"{hashlib.sha256(SCRIPT).hexdigest()[:16]}.js"
ICON_NAME = "icon.svg"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
}
# What answers of the framework lack.
OF_PROBLEM = {"cache-control": REVALIDATE, "x-content-type-options": "nosniff"}
_HTML = "text/html; charset=utf-8"
_TEMPLATES = Environment(
    loader=PackageLoader("estimates_api.desk"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(FILTERS)
_PATHS: dict[str, Any] = {
    "set_path": set_path,
    "key_path": key_path,
    "answer_path": answer_path,
}
_TEMPLATES.globals.update(_PATHS)


class DeskPage:
    """One page: asks for its answers, then is drawn from them.

    as_of  the moment that the reader chose, as it stands in the URL; None: now
    """

    def __init__(
        self,
        request: Request[Any, Any, Any],
        as_of: str | None = None,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.request = request
        self.as_of = read_moment(as_of)
        self.answers = Answers(request, patience_s)
        known = request.app.state.follower.known  # before any answer, so that no news is missed
        self.last_event = 0 if known is None else known.last_event
        self.links = Links(raw_path(request.scope), self.as_of)

    async def get(self, kind: type[T], path: str, /, **query: object) -> T:
        """An answer; raises NoAnswerError, which becomes the page of that problem."""
        return await self.answers.get(kind, path, **query)

    @property
    def reader(self) -> str | None:
        """Who signed in; None where anybody may read."""
        principal = principal_of(self.request.scope)
        return None if principal is None else principal.name or None

    @property
    def now(self) -> datetime:
        """What ages count from: the chosen moment, else the clock."""
        return instants.now() if self.as_of is None else instants.parse(self.as_of)

    def draw(self, template: str, *, waits: bool = False, **context: object) -> Compressible:
        """The answer with the page that a template makes of this context.

        waits  for something that is still being computed: a 202, which browsers ask for again
        """
        body = self.written(template, waits=waits, **context)
        return Compressible(
            body,
            status=202 if waits else 200,
            etag=None if waits else content_tag(body),
            cache=None,
            media_type=_HTML,
            headers=SECURITY | {"vary": "accept-encoding", "cache-control": REVALIDATE},
        )

    def written(self, template: str, *, waits: bool = False, **context: object) -> bytes:
        """The page that a template makes of this context."""
        query = {n: v for n, v in self.request.query_params.items() if n not in ("as_of", "cursor")}
        text = _TEMPLATES.get_template(template).render(
            context,
            waits=waits,
            links=self.links,
            page=self.links.page,
            to=self.links.to,
            as_of=self.as_of,
            moment=self.answers.moment,
            now=self.now,
            query=query,
            urls=self.answers.urls,
            reader=self.reader,
            css=f"/desk/{CSS_NAME}",
            script=f"/desk/{SCRIPT_NAME}",
            docs_script=f"/desk/{DOCS_SCRIPT_NAME}",
            last_event=self.last_event,
            of_one=self.request.path_params.get("set"),
            kinds_of_events=" ".join(get_args(EventKind)),
            icon=f"/desk/{ICON_NAME}",
        )
        return text.encode()


def read_moment(as_of: str | None) -> str | None:
    """The moment of a URL or of the page's form, whose field knows no offset: it means UTC.

    Raises InvalidError (`bad_time`).
    """
    if not as_of:
        return None
    try:
        moment = datetime.fromisoformat(as_of)
    except ValueError:
        moment = None
    if moment is not None and moment.tzinfo is None and "T" in as_of:
        as_of = moment.isoformat() + "Z"
    return instants.text(instants.parse(as_of, "as_of"))


def lost_page(request: ReadRequest, error: HTTPException) -> Response[bytes]:
    """What is answered where there is nothing: a page to a browser, else a problem."""
    answer = from_framework(request, error)
    asks = request.headers.get("accept", "")
    if request.scope["path"].startswith("/v1/") or "text/html" not in asks:
        return answer
    return _own_problem(from_framework)(request, error)


def desk_page(
    path: str, about: About | None = None
) -> Callable[[Callable[..., Any]], HTTPRouteHandler]:
    """A GET route that answers with a page, problems too.

    What it asks for is answered to whoever asks for the page.
    """
    handlers: dict[int | type[Exception], Any] = {
        NoAnswerError: _no_answer,
        EstimatesError: _own_problem(from_error),
        HTTPException: _own_problem(from_framework),
        Exception: _own_problem(from_unexpected),
    }
    about = about or ("set" if path.startswith("/sets/") else "sets")
    return get(path, opt={OPT: about}, include_in_schema=False, exception_handlers=handlers)


def _no_answer(request: Request[Any, Any, Any], error: NoAnswerError) -> Any:
    return problem_page(request, error.answer)


def _own_problem(respond: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """A handler of exceptions: the problem that a route under /v1 would answer, as a page."""

    def as_page(request: Request[Any, Any, Any], error: Exception) -> Any:
        answer = respond(request, error)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        headers["content-type"] = str(answer.media_type)
        return problem_page(request, Answer("", answer.status_code, headers, answer.content))

    return as_page


def problem_page(request: Request[Any, Any, Any], answer: Answer) -> Response[bytes]:
    """The page of a problem, or of an answer that is still being computed."""
    try:
        page = DeskPage(request, request.query_params.get("as_of"))
    except InvalidError:
        page = DeskPage(request)
    page.answers.urls = [answer.url] if answer.url else []
    headers = SECURITY | OF_PROBLEM
    if answer.status == 202:
        body = page.written("computing.html", waits=True)
    else:
        body = page.written("problem.html", problem=answer.problem())
        headers |= {n: v for n, v in answer.headers.items() if n in ("retry-after", "allow")}
    return Response(body, status_code=answer.status, media_type=_HTML, headers=headers)
