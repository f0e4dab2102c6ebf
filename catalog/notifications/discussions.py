"""The conversation at products, as notices: to owners what is asked, to askers what is answered, to all what is
announced."""

from django.urls import reverse

from catalog.audit.models import AuditEvent
from catalog.discussions.models import Announcement, Answer, Question
from catalog.notifications.models import Kind, Notice
from catalog.notifications.telling import Draft
from catalog.products.models import DataProduct

Audience = Notice.Audience


def asked(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To those in charge."""
    question = _question(event)
    if question is None:
        return None
    word = "a problem is reported" if question.kind == Question.Kind.PROBLEM else "a question"
    return _draft(event, question, f"{product.name}: {word}: {question.title}", Audience.OWNERS)


def answered(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To who asked."""
    question = _question(event)
    if question is None or question.author_id is None:
        return None
    title = f"{product.name}: {event.actor_name} answered “{question.title}”"
    return _draft(event, question, title, Audience.RECIPIENT, question.author_id)


def accepted(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To whose answer it is."""
    question = _question(event)
    answer = Answer.objects.filter(pk=event.detail.get("answer") or 0).first()
    if question is None or answer is None or answer.author_id is None:
        return None
    title = f"{product.name}: your answer to “{question.title}” is accepted"
    return _draft(event, question, title, Audience.RECIPIENT, answer.author_id)


def announced(event: AuditEvent, product: DataProduct) -> Draft | None:
    """To owners, consumers and watchers."""
    announcement = Announcement.objects.filter(pk=event.object_id).first()
    if announcement is None:
        return None
    link = reverse("discussions:product", args=[product.domain.slug, product.slug])
    about = {"product": product.pk, "port": None, "actor": event.actor_id, "recipient": None}
    title = f"{product.name}: {announcement.title}"
    sentence = f"It holds until {announcement.ends_on.isoformat()}."
    return Draft(f"event:{event.pk}", Kind.DISCUSSION, title, sentence, link, Audience.EVERYBODY, about)


def _question(event: AuditEvent) -> Question | None:
    return Question.objects.shown().filter(pk=event.object_id).first()


def _draft(
    event: AuditEvent, question: Question, title: str, audience: str, recipient_id: int | None = None
) -> Draft:
    about = {
        "product": question.product_id,
        "port": question.port_id,
        "actor": event.actor_id,
        "recipient": recipient_id,
    }
    return Draft(
        f"event:{event.pk}", Kind.DISCUSSION, title, "", question.get_absolute_url(), audience, about
    )
