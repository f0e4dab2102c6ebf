"""A field is joined with its label, help and error for those who listen."""

import re

import pytest
from django import forms
from django.template import engines


class Sample(forms.Form):
    name = forms.CharField(max_length=200, help_text="As people say it.")
    text = forms.CharField(max_length=400, widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect, required=False)
    fine = forms.BooleanField(required=False)
    hidden = forms.CharField(widget=forms.HiddenInput, required=False)


def drawn(form: forms.Form, source: str) -> str:
    template = engines["django"].from_string("{% load components %}" + source)
    return str(template.render({"form": form}))


def test_help_and_error_describe_the_control() -> None:
    html = drawn(Sample({"name": ""}), "{% field form.name %}")
    described = re.search(r'<input[^>]*aria-describedby="([^"]+)"', html)
    assert described
    for name in described.group(1).split():
        assert f'id="{name}"' in html
    assert 'aria-invalid="true"' in html
    assert "This field is required." in html


def test_optional_is_said_and_required_is_not() -> None:
    assert "optional" not in drawn(Sample(), "{% field form.name %}")
    assert "optional" in drawn(Sample(), "{% field form.text %}")
    assert "optional" not in drawn(Sample(), "{% field form.fine %}")


def test_long_texts_are_counted_and_short_ones_not() -> None:
    html = drawn(Sample({"text": "four"}), "{% field form.text %}")
    assert "4 / 400" in html
    counted = re.search(r'data-counted="([^"]+)"', html)
    assert counted
    assert f'id="{counted.group(1)}"' in html
    assert "counter" not in drawn(Sample(), "{% field form.name %}")


def test_choices_are_a_named_group() -> None:
    html = drawn(Sample(), "{% field form.kind %}")
    assert 'role="group" aria-labelledby="id_kind_label"' in html
    assert 'id="id_kind_label"' in html


def test_summary_leads_to_each_wrong_field() -> None:
    html = drawn(Sample({"name": "", "kind": "z"}), "{% form_errors form %}")
    assert "2 things are not right yet" in html
    assert 'href="#id_name"' in html
    assert drawn(Sample({"name": "right"}), "{% form_errors form %}").strip() == ""


def test_what_people_typed_is_escaped() -> None:
    html = drawn(
        Sample({"name": '"><script>x</script>', "kind": "<b>"}),
        "{% form_errors form %}{% form_fields form %}",
    )
    assert "<script>" not in html
    assert "<b>" not in html


def test_hidden_fields_are_drawn_without_a_label() -> None:
    html = drawn(Sample(), "{% form_fields form %}")
    assert html.count('name="hidden"') == 1
    assert "Hidden" not in html


@pytest.mark.parametrize("name", ["name", "text", "kind", "fine"])
def test_every_control_has_a_label(name: str) -> None:
    html = drawn(Sample(), "{% field form." + name + " %}")
    assert re.search(r"<label[^>]*for=", html)
