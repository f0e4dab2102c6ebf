"""Pages of the conversation: the tab of a product, one question, its words, announcements."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.accounts import kernel
from catalog.accounts.caller import caller
from catalog.common.csv import csv_response
from catalog.common.errors import Invalid, NotFound, PortalError
from catalog.common.lists import page_of, sorted_by
from catalog.common.validation import show_on_form
from catalog.discussions import selectors, services
from catalog.discussions.forms import AnnouncementForm, AnswerForm, QuestionForm, WordsForm
from catalog.discussions.models import Announcement, Question
from catalog.products.addresses import with_product
from catalog.products.models import DataProduct

STATES = {"open": "Open", "answered": "Answered", "all": "All"}
SORTS = {"asked": "pk", "answers": "answer_count", "title": "title"}
ORDERS = (
    ("-asked", "the newest"),
    ("asked", "the oldest"),
    ("answers", "the least answered"),
    ("title", "title"),
)
CSV_HEADER = ("id", "kind", "title", "port", "column", "author", "asked_at", "answers", "is_answered")
FORM = ["GET", "HEAD", "POST"]


@require_safe
@with_product
def of_product(request: HttpRequest, product: DataProduct) -> HttpResponseBase:
    """The questions of a product, open ones first, as CSV too; `?state=answered` or `all` shows others."""
    person = caller(request)
    state = request.GET.get("state", "open")
    if state not in STATES:
        raise NotFound("There is no such list.")
    rows: Any = selectors.questions_for(person).filter(product=product)
    if state == "open":
        rows = rows.open()
    elif state == "answered":
        rows = rows.shown().exclude(accepted=None)
    rows = sorted_by(request, rows, SORTS, "-asked")
    if request.GET.get("format") == "csv":
        return csv_response(f"{product.slug}-questions.csv", CSV_HEADER, _csv_rows(rows))
    context = {
        "product": product,
        "tab": "questions",
        "page": page_of(request, rows),
        "orders": ORDERS,
        "order": request.GET.get("sort") or "-asked",
        "state": state,
        "states": STATES.items(),
        "may_ask": kernel.can(person, "question.ask", product),
        "may_announce": kernel.can(person, "announcement.make", product),
        "announcements": selectors.announcements_of(product),
    }
    return render(request, "catalog/discussions/product.html", context)


def _csv_rows(rows: Any) -> Iterator[tuple[Any, ...]]:
    for item in rows.iterator(chunk_size=500):
        yield (
            item.pk, item.kind, item.title, str(item.port or ""), item.column, str(item.author or ""),
            item.created_at, item.answer_count, item.accepted_id is not None,
        )  # fmt: skip


@require_http_methods(FORM)
@with_product
def ask(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Ask, or tell of a problem; `?kind=problem&port=plays/1.0.0&column=id` fills the form."""
    person = caller(request)
    kernel.require(person, "question.ask", product, "You may not ask about this product.")
    name, _, version = request.GET.get("port", "").partition("/")
    initial: dict[str, Any] = {"column": request.GET.get("column", "")[:300]}
    initial["port"] = product.output_ports.filter(name=name, version=version).first()
    if request.GET.get("kind") in Question.Kind.values:
        initial["kind"] = request.GET["kind"]
    form = QuestionForm(request.POST if request.method == "POST" else None, product=product, initial=initial)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = services.ask_question(actor=person, product=product, **form.cleaned_data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, "It is asked. The people in charge are told.")
                return redirect(made)
    context = {"product": product, "tab": "questions", "form": form}
    return render(request, "catalog/discussions/ask.html", context, status=status)


@require_http_methods(FORM)
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """One question with its answers; posting answers it."""
    person = caller(request)
    found = selectors.question_or_404(person, pk)
    form, status = AnswerForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        kernel.require(person, "question.answer", found, "You may not answer here.")
        status = 400
        if form.is_valid():
            try:
                made = services.answer_question(actor=person, question=found, text=form.cleaned_data["text"])
            except PortalError as error:
                show_on_form(form, error)
            else:
                return redirect(_at(found, made.pk))
    page = page_of(request, selectors.answers_of(found), selectors.ANSWERS_SHOWN)
    accepted = found.accepted_id
    context = {
        "product": found.product,
        "tab": "questions",
        "question": found,
        "shown": selectors.shown(person, found, page),
        "page": page,
        "accepted_at": _at(found, accepted) if accepted and page.paginator.num_pages > 1 else "",
        "form": form,
    }
    return render(request, "catalog/discussions/question.html", context, status=status)


def _at(question: Question, answer_id: int) -> str:
    """Where an answer stands."""
    number = selectors.page_with(question, answer_id)
    query = f"?page={number}" if number > 1 else ""
    return f"{question.get_absolute_url()}{query}#answer-{answer_id}"


@require_POST
def act(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle a question, or make something of it: `deed` is accept, unaccept, close, reopen, document, incident."""
    person = caller(request)
    found = selectors.question_or_404(person, pk)
    deed, number = request.POST.get("deed", ""), request.POST.get("answer", "")
    said = ""
    if deed == "accept":
        answer = selectors.answer_or_404(
            person, int(number) if number.isdecimal() and len(number) < 19 else 0
        )
        services.accept_answer(actor=person, question=found, answer=answer)
        said = "The answer is accepted."
    elif deed == "unaccept":
        services.accept_answer(actor=person, question=found, answer=None)
    elif deed in ("close", "reopen"):
        services.close_question(actor=person, question=found, is_closed=deed == "close")
    elif deed == "document":
        part = request.POST.get("part", "usage")
        services.document_answer(actor=person, question=found, part=part)
        said = f"It stands in the product's {part} now."
    elif deed == "incident":
        return redirect(services.open_incident(actor=person, question=found))
    else:
        raise Invalid("There is no such deed.", kept="Nothing was changed.")
    if said:
        messages.success(request, said)
    return redirect(found)


@require_http_methods(FORM)
def edit_question(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own question, said better."""
    found = selectors.question_or_404(caller(request), pk)
    return _edit(request, found, found)


@require_http_methods(FORM)
def edit_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own answer, said better."""
    answer = selectors.answer_or_404(caller(request), pk)
    return _edit(request, answer.question, answer)


def _edit(request: HttpRequest, found: Question, words: Any) -> HttpResponse:
    person = caller(request)
    kernel.require(person, "question.edit", words, "These are somebody else's words.")
    initial = {"text": words.text, "title": found.title}
    posted = request.POST if request.method == "POST" else None
    form, status = WordsForm(posted, initial=initial, with_title=words is found), 200
    if posted is not None:
        status = 400
        if form.is_valid():
            try:
                services.edit_words(actor=person, words=words, **form.cleaned_data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                return redirect(found)
    context = {"product": found.product, "tab": "questions", "question": found, "form": form}
    return render(request, "catalog/discussions/edit.html", context, status=status)


@require_POST
def remove_question(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a question away: one's own, or with a reason as one who may edit the product."""
    found = selectors.question_or_404(caller(request), pk)
    services.remove_words(actor=caller(request), words=found, reason=request.POST.get("reason", ""))
    messages.success(request, "The question is taken away.")
    return redirect("discussions:product", found.product.domain.slug, found.product.slug)


@require_POST
def remove_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an answer away: one's own, or with a reason as one who may edit the product."""
    answer = selectors.answer_or_404(caller(request), pk)
    services.remove_words(actor=caller(request), words=answer, reason=request.POST.get("reason", ""))
    messages.success(request, "The answer is taken away.")
    return redirect(answer.question)


@require_http_methods(FORM)
@with_product
def announce(request: HttpRequest, product: DataProduct) -> HttpResponse:
    """Tell everybody who looks at the product something, until a day."""
    person = caller(request)
    kernel.require(person, "announcement.make", product, "Only those who may edit the product may announce.")
    form = AnnouncementForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                services.announce(actor=person, product=product, **form.cleaned_data)
            except PortalError as error:
                show_on_form(form, error)
            else:
                messages.success(request, "It is announced.")
                return redirect("discussions:product", product.domain.slug, product.slug)
    context = {"product": product, "tab": "questions", "form": form}
    return render(request, "catalog/discussions/announce.html", context, status=status)


@require_POST
def end_announcement(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an announcement down before its last day."""
    person = caller(request)
    rows = Announcement.objects.visible_to(person).select_related("product__domain", "product__team")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such announcement, or you may not see it.")
    services.end_announcement(actor=person, announcement=found)
    messages.success(request, "The announcement is taken down.")
    return redirect("discussions:product", found.product.domain.slug, found.product.slug)
