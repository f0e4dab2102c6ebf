"""Questions, answers and announcements as the API shows and takes them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from catalog.common.serializers import StrictSerializer
from catalog.discussions.models import MOST_TEXT, MOST_TITLE, Announcement, Answer, Question
from catalog.products.inputs import ProductKeyField


class AnswerSerializer(serializers.ModelSerializer[Answer]):
    """An answer; the words of one that was taken away are empty."""

    author = serializers.CharField(source="author.username", default="")
    text = serializers.SerializerMethodField()

    class Meta:
        model = Answer
        fields = ("id", "author", "text", "created_at", "edited_at", "removed_at")

    def get_text(self, answer: Answer) -> str:
        return "" if answer.removed_at else answer.text


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """A question. `state` is open, answered, closed or removed."""

    product = serializers.CharField(source="product.key")
    port = serializers.SerializerMethodField()
    author = serializers.CharField(source="author.username", default="")
    state = serializers.CharField()
    answer_count = serializers.IntegerField()

    class Meta:
        model = Question
        fields = (
            "id", "product", "port", "column", "kind", "title", "text", "author", "state", "accepted", "incident",
            "answer_count", "created_at", "edited_at", "documented_at", "closed_at",
        )  # fmt: skip

    def get_port(self, question: Question) -> str:
        return f"{question.port.name}/{question.port.version}" if question.port else ""


REASON = OpenApiParameter("reason", str, description="Why; needed for words of somebody else.")


class WordsInput(StrictSerializer):
    """Better words for a question; what is left out stays."""

    title = serializers.CharField(max_length=MOST_TITLE, required=False)
    text = serializers.CharField(max_length=MOST_TEXT, required=False, allow_blank=True)


class QuestionInput(StrictSerializer):
    product = ProductKeyField()
    port = serializers.CharField(max_length=200, required=False, allow_blank=True)  # name/version
    column = serializers.CharField(max_length=300, required=False, allow_blank=True)
    kind = serializers.ChoiceField(Question.Kind.choices, required=False)
    title = serializers.CharField(max_length=MOST_TITLE)
    text = serializers.CharField(max_length=MOST_TEXT, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The port by its name and version within the product."""
        key = attrs.pop("port", "")
        if key:
            name, _, version = key.partition("/")
            port = attrs["product"].output_ports.filter(name=name, version=version).first()
            if port is None:
                raise serializers.ValidationError({"port": ["This product has no such port."]})
            attrs["port"] = port
        return attrs


class AnswerInput(StrictSerializer):
    text = serializers.CharField(max_length=MOST_TEXT)


class AcceptedInput(StrictSerializer):
    """`answer` is the id of the right one, null for none."""

    answer = serializers.IntegerField(min_value=1, max_value=2**62, allow_null=True)


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    product = serializers.CharField(source="product.key")
    author = serializers.CharField(source="author.username", default="")

    class Meta:
        model = Announcement
        fields = ("id", "product", "title", "text", "author", "ends_on", "ended_at", "created_at")


class AnnouncementInput(StrictSerializer):
    product = ProductKeyField()
    title = serializers.CharField(max_length=MOST_TITLE)
    text = serializers.CharField(max_length=MOST_TEXT, required=False, allow_blank=True)
    ends_on = serializers.DateField()
