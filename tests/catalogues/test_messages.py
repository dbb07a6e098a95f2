"""What is a message: blocks of Markdown; comments, docstrings and shown texts of code."""

from __future__ import annotations

import ast
from pathlib import Path

from builder.catalogues import blocks, code_text, sources

ROOT = Path(__file__).parents[2]

PROSE = """\
# Title

A paragraph of
two lines.

* one item
  that goes on
* two

> **Note** quoted
> on two lines

| a | b |
|---|---|
| c | d |

```python
code = "none"
```

```
texts ──> pairs
```

---

<!-- a comment -->

Hard\\
break.
"""

CODE = '''\
### BEGIN SOLUTION
# A comment
# of two lines
x = 1  # trailing
y = "# no comment"  # fmt: skip


def f(text):
    """One line.

    More: `text`.
    """
    # inside
    print(f"{x} rows", y)


class C:
    """Of a class."""
### END SOLUTION
'''


def test_blocks() -> None:
    found = [(block.kind, block.text) for block in blocks.blocks(PROSE)]
    assert found == [
        ("heading", "# Title"),
        ("paragraph", "A paragraph of two lines."),
        ("list", "* one item that goes on\n* two"),
        ("quote", "> **Note** quoted on two lines"),
        ("table", "| a | b |\n|---|---|\n| c | d |"),
        ("drawing", "```\ntexts ──> pairs\n```"),
        ("paragraph", "Hard\\\nbreak."),
    ]


def test_blocks_are_put_back_where_they_were() -> None:
    found = blocks.blocks(PROSE)
    assert blocks.blocks(blocks.replaced(PROSE, [(block, block.text) for block in found]))[0].text == "# Title"
    new = blocks.replaced(PROSE, [(found[1], "一段。"), (found[2], "* 一\n* 二")])
    assert "# Title\n\n一段。\n\n* 一\n* 二\n\n> **Note**" in new and 'code = "none"' in new


def test_texts_of_code() -> None:
    found = [(text.kind, text.text) for text in code_text.texts(CODE)]
    assert found == [
        ("comment", "A comment of two lines"),
        ("trailing comment", "trailing"),
        ("docstring", "One line.\n\nMore: `text`."),
        ("comment", "inside"),
        ("docstring", "Of a class."),
    ]


def test_code_is_the_same_when_its_texts_are_replaced() -> None:
    texts = code_text.texts(CODE)
    new = code_text.replaced(
        CODE, [(text, f"翻訳{number}、\\とても長い{'長い' * 40}") for number, text in enumerate(texts)]
    )
    assert bare(new) == bare(CODE)
    assert "# A comment" not in new and "One line" not in new and "{x} rows" in new
    assert all(code_text.columns(line) <= 100 for line in new.split("\n") if line.lstrip().startswith("#"))
    assert "### BEGIN SOLUTION" in new and "# fmt: skip" in new


def bare(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def test_lines_break_where_the_language_allows() -> None:
    assert code_text.wrapped("one two three", 8) == ["one two", "three"]
    assert code_text.wrapped("長い文、続く（括弧）です。", 10) == ["長い文、続", "く（括弧）", "です。"]
    assert code_text.wrapped("`code span here`は長い", 8) == ["`code span here`", "は長い"]
    korean = code_text.wrapped("프롬프트를 차례로 모델에 건넵니다", 12)
    assert " ".join(korean) == "프롬프트를 차례로 모델에 건넵니다" and all(
        code_text.columns(line) <= 12 for line in korean
    )


def unheard(folder: Path) -> set[str]:
    """Texts that modules of the package give to `_()`, `N_()` or `ngettext()` and that its catalogue lacks."""
    said = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name in ("_", "N_", "ngettext"):
                first = node.args[0]
                said.add(first.value if isinstance(first, ast.Constant) else f"{path.name}:{node.lineno}")
    return said - {message.text for message in sources.package_messages(folder)}


def test_every_text_of_the_package_is_a_message() -> None:
    assert unheard(ROOT / "prompt2data") == set()


def test_texts_that_cannot_be_found_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "later = N_('marked')\n"
        "def say(n):\n    return f\"{_('inside an f-string')}\" + _(n) + _('plain') + ngettext('one', 'many', n)\n"
    )
    (tmp_path / "page.html").write_text(
        "{{ _('in a template') }} {% for x in y %}{{ ngettext('a', 'b', n) }}{% endfor %}"
    )
    assert unheard(tmp_path) == {"inside an f-string", "module.py:3"}
    texts = {message.text for message in sources.package_messages(tmp_path)}
    assert texts == {"marked", "plain", "one", "in a template", "a"}
