from __future__ import annotations

import subprocess
import sys

import pytest

from mediaindex.engines.text import spacy_reader
from mediaindex.models import try_locate

pytestmark = pytest.mark.models


@pytest.fixture(scope="module")
def reader():
    pytest.importorskip("spacy", reason="spaCy is in the speech environment only")
    located = try_locate("en_core_web_sm")
    if located is None:
        pytest.skip("model en_core_web_sm is not on this machine: `mediaindex models fetch en_core_web_sm`")
    return spacy_reader.load(located.path, identity="spacy")


def phrases(reader, text: str) -> list[str]:
    return [text[start:end] for start, end in reader.read([text])[0].phrases]


def test_entities_have_labels_and_offsets(reader):
    text = "Barack Obama flew from Chicago to Berlin."
    (result,) = reader.read([text])
    names = {text[entity.start : entity.end]: entity.label for entity in result.entities}
    assert names == {"Barack Obama": "PERSON", "Chicago": "GPE", "Berlin": "GPE"}


def test_phrases_do_not_begin_with_articles_pronouns_or_numbers(reader):
    assert phrases(reader, "You know, I gave them the two old steam engines and my recipe.") == [
        "old steam engines",
        "recipe",
    ]


def test_a_text_without_content_words_has_no_phrases(reader):
    assert phrases(reader, "You and I know that it was him.") == []


def test_many_texts_are_read_in_order(reader):
    texts = [f"She lives in {city}." for city in ("Paris", "London", "Rome") * 30]
    assert [len(result.entities) for result in reader.read(texts)] == [1] * 90


def test_reading_does_not_import_torch_and_does_not_prevent_it(reader):
    code = (
        "import sys, pathlib; from mediaindex.engines.text import spacy_reader\n"
        "reader = spacy_reader.load(pathlib.Path(sys.argv[1]), identity='spacy')\n"
        "assert reader.read(['She lives in Paris.'])[0].entities and 'torch' not in sys.modules\n"
        "import torch; assert torch.ones(1).sum() == 1\n"
    )
    subprocess.run([sys.executable, "-c", code, str(reader.path)], check=True, timeout=300)
