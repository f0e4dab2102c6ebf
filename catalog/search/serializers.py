"""The shape of the API's answers, for its OpenAPI document."""

from typing import Any

from rest_framework import serializers

from catalog.trust.serializers import MarkSerializer


class MatchShape(serializers.Serializer[Any]):
    field = serializers.CharField()
    text = serializers.CharField(help_text="The matching name; empty where only a piece of prose matched.")


class PortShape(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    url = serializers.URLField()
    kind = serializers.CharField()
    score = serializers.FloatField()
    columns = serializers.ListField(child=serializers.CharField())


class ResultShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["product", "port", "column"])
    key = serializers.CharField()
    title = serializers.CharField()
    url = serializers.URLField()
    domain = serializers.CharField(help_text="Slug of the product's domain.")
    score = serializers.FloatField()
    highlights = serializers.DictField(child=serializers.CharField(), help_text="HTML; its only tag is mark.")
    matched = MatchShape(many=True)
    trust = MarkSerializer(many=True, help_text="The trust strip as of now; empty for columns.")
    ports = PortShape(many=True, required=False, help_text="Best ports of a product.")


class FacetShape(serializers.Serializer[Any]):
    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an attribute of fields
    count = serializers.IntegerField()


class CorrectionShape(serializers.Serializer[Any]):
    typed = serializers.CharField()
    used = serializers.ListField(child=serializers.CharField())


class TermShape(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()
    url = serializers.URLField()


class SearchAnswer(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Rows of the whole result.")
    page = serializers.IntegerField()
    results = ResultShape(many=True)
    facets = serializers.DictField(child=FacetShape(many=True))
    corrections = CorrectionShape(many=True)
    terms = TermShape(many=True, help_text="Terms of the glossary the query may mean; on page 1.")
    unknown = serializers.ListField(child=serializers.CharField(), help_text="Words found nowhere.")


class SuggestionShape(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["product", "port", "column", "term"])
    key = serializers.CharField()
    text = serializers.CharField()
    about = serializers.CharField()
    url = serializers.URLField()


class SuggestAnswer(serializers.Serializer[Any]):
    suggestions = SuggestionShape(many=True)
