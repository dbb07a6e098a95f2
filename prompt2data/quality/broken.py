"""Texts that broke while a model wrote them: it went in circles, wrote no language, thought aloud, or did not finish.

Each rule reads `instruction` and `response` of one row, looks at the form only, and takes time in proportion to the
length of the texts. What was asked for is no fault: who asks for a word ten times gets it ten times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from prompt2data.quality.fields import UNSPACED, field, text_of, tokens, words_of
from prompt2data.quality.overlaps import dwells

_END = 4_000  # tokens at either end of a text in which a loop is looked for
_PERIOD = 30  # tokens of the longest unit whose repetition is seen, twice as many without spaces

_ASKED_TO_REPEAT = re.compile(
    r"""\b(repeat|repeated(ly)?|repetition|refrain|chorus|lyrics|(\d+|ten|twenty|fifty|hundred|several|many)\ times
  |times\ in\ a\ row
    |over\ and\ over|pad(ding)?|stutter|tongue\ twister|lặp\ lại|nhắc\ lại|\d+\ lần|điệp\ khúc)\b
    | 重复|\d+\s*[次遍]|遍|繰り返|\d+\s*回|반복|되풀이|\d+\s*번""",
    re.IGNORECASE | re.VERBOSE,
)
_SAME_CHARACTER = re.compile(r"(\w)\1{29,}|(?:([^\w\s])[ \t]*)(?:\2[ \t]*){199,}|\s{300,}")
_SAME_SYLLABLE = re.compile(r"([^\W\d_]{2,8}?)\1{11,}")
_DOTS_AT_END = re.compile(r"([.…。·・]\s?){12,40}$")
_SENTENCE_END = re.compile(r"[.!?。！？\n]+")
_LIST_MARK = re.compile(r"^\s{0,20}(?:\(?\d{1,4}[.):]?|[-*•])\s{0,20}")
_LAUGHTER = re.compile(r"([bhjlntdy]?[aeiou]h?|no|ja|je|he|xi)$|.$", re.IGNORECASE)
_SPACELESS = re.compile(f"[{UNSPACED}]")


def loop(row: Mapping[str, Any]) -> str | None:
    """Return "loop" if a text repeats a word, a sentence, a line or a mark over and over, as models do that are stuck.

    Refrains, laughter, dotted lines and what the instruction asks to repeat are none.
    """
    instruction, response = text_of(field(row, "instruction")), text_of(field(row, "response"))
    if _ASKED_TO_REPEAT.search(instruction[:5_000]):
        return None
    stuck = circles(response) or circles(instruction)
    verse = _VERSE.search(instruction[:5_000])
    return "loop" if stuck or not verse and (_comes_again(response) or dwells(response)) else None


def circles(text: str) -> bool:
    """Whether a text goes in circles."""
    if _SAME_CHARACTER.search(text) or _SAME_SYLLABLE.search(text) or _DOTS_AT_END.search(text[-80:]):
        return True
    found = tokens(text)
    if any(
        _runs(part) for part in ({0: found} if len(found) <= 2 * _END else {0: found[:_END], 1: found[-_END:]}).values()
    ):
        return True
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    if _longest_run(lines) >= 6 and any(not line.startswith((" ", "\t")) for line in lines):
        return True
    sentences = [_LIST_MARK.sub("", sentence).strip() for sentence in _SENTENCE_END.split(text)]
    sentences = [sentence for sentence in sentences if len(words_of(sentence)) >= 3]
    often = Counter(sentences).most_common(1)[0][1] if sentences else 0
    return often >= 5 and 2 * often >= len(sentences) or often >= 3 and 4 * often >= 3 * len(sentences)


_VERSE = re.compile(
    r"\b(poem|song|chant|pantoum|villanelle|mantra|prayer|rhyme|lullaby|pattern|rhythm|drill|workout|schedule|rota"
    r"|round|knit\w*|crochet|stitch|code|loop|alternat\w*|cycle|sequence)\b",
    re.IGNORECASE,
)


def _comes_again(text: str) -> bool:
    """Whether half of the items of a list, or of the sentences, stood there before: several units that take turns."""
    if "`" in text:
        return False
    lines = [line for line in text.splitlines() if _LIST_MARK.match(line)]
    splits = [lines, re.split(r"(?:^|\s)\(?\d{1,3}[.)]\s", text)[1:], _SENTENCE_END.split(text)]
    splits += [re.split("[,;]", text)] if text.count(",") >= 11 else []
    for number, parts in enumerate(splits):
        found = [words_of(_LIST_MARK.sub("", part)) for part in parts]
        units = [" ".join(unit) for unit in found if len(unit) >= (3 if number == 2 else 1)]
        again = len(units) - len({*units})
        if len(units) >= 6 and again >= 4 and 2 * again >= len(units) or again >= 3 and 4 * again >= 3 * len(units):
            return True
    return False


def _longest_run(lines: Sequence[str]) -> int:
    longest = run = 0
    for number, line in enumerate(lines):
        run = run + 1 if number and line == lines[number - 1] else 1
        longest = max(longest, run)
    return longest


def _runs(found: Sequence[str]) -> bool:
    """Whether tokens repeat with some period, without a break, often enough for a model that is stuck."""
    spaceless = 2 * sum(_SPACELESS.match(token) is not None for token in found) > len(found)
    for period in range(1, min(_PERIOD * (1 + spaceless), len(found) // 3) + 1):
        run, longest, end = 0, 0, 0
        for index in range(period, len(found)):
            if found[index] == found[index - period]:
                run += 1
                if run > longest:
                    longest, end = run, index + 1
            else:
                run = 0
        size = longest + period
        if size >= 3 * period and _stuck(found[end - period : end], size / period, size / len(found)):
            return True
    return False


def _stuck(unit: Sequence[str], times: float, share: float) -> bool:
    """Whether a unit, repeated so many times on such a share of the text, is a loop."""
    said = [token for token in unit if token[0].isalpha()]
    characters = sum(map(len, said))
    spaceless = bool(said) and all(_SPACELESS.match(token) for token in said)
    if not said:  # marks and numbers: tables and dotted lines have many
        digits = any(token[0].isalnum() for token in unit)
        return times * sum(map(len, unit)) >= (150 if digits else 200) or (not unit[0].isascii() and times >= 25)
    if len(set(said)) == 1:  # one word, or one character
        least = 20 if spaceless else 6 if characters >= 4 * len(said) else 15 if _LAUGHTER.match(said[0]) else 9
        return times * len(said) >= least
    least = 6 if spaceless and len(said) < 4 else 4
    whole = characters >= (8 if spaceless else 15) and share >= 0.6 and any(token in ".!?。！？" for token in unit)
    return times >= (3 if whole else least)


_URL = re.compile(r"\b(?:https?|ftp)://\S+|\bwww\.\S+", re.IGNORECASE)
_ENCODED = re.compile(r"[A-Za-z0-9+/=_-]{60,}")
_RUN_TOGETHER = re.compile(r"[A-Za-zÀ-ɏͰ-ϿЀ-ӿ]{80,}")
_NO_SPACE = re.compile(rf"[^\s{UNSPACED}]{{1000,}}")
_BYTES = re.compile(
    r"(?:\\x[0-9a-fA-F]{2}){12,}|(?:%[0-9a-fA-F]{2}){20,}|;base64,[\w+/=]{20,}|(?:\b0x[0-9a-fA-F]{2}\b[ ,]{0,2}){12,}"
)
_HEX = re.compile(r"(?:\b[0-9a-fA-F]{2} ){24,}|(?:\b[0-9a-fA-F]{4} ){12,}|(?:\b(?=\w{0,15}\d)[0-9a-fA-F]{8,} ?){4,}")
# UTF-8 that was read as Latin-1, once or more often, and marks without words
_MOJIBAKE = re.compile(
    "(?:[ÃÂ][\x80-\xbf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|â[\u20ac\u201a\u201e]|ï¿|ï»)"
)
_SOUP = re.compile(r"[!-/:-@\[-`{-~]{20,}|(?:[#$%&*@^~!<>\\|?+=]{2,}[ ]?){8,}")
_NO_CHARACTER = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd\ud800-\udfff]")
_ABOUT_CODES = re.compile(
    r"base ?64|\bhash|\bsha-?\d|\bmd5|encod|decod|encrypt|decrypt|cipher|\b(?:api|private|public|secret"
    r"|ssh) keys?\b|\bhex|\bdna\b|sequence|binary"
    r"|mã hóa|giải mã|编码|解码|加密|エンコード|デコード|暗号|인코딩|디코딩|암호",
    re.IGNORECASE,
)


def blob(row: Mapping[str, Any]) -> str | None:
    """Return "blob" if a text holds bytes or a long run of characters that is no language: base64, hex, no spaces.

    Web addresses are none, nor are scripts without spaces; the short codes that an instruction asks about neither.
    """
    instruction, response = text_of(field(row, "instruction")), text_of(field(row, "response"))
    about_codes = _ABOUT_CODES.search(instruction[:5_000]) is not None
    return "blob" if _is_blob(response, about_codes) or _is_blob(instruction, about_codes) else None


def _is_blob(text: str, about_codes: bool) -> bool:
    text = _URL.sub(" ", text)
    longest = 400 if about_codes else 60
    if any(len(code[0]) >= longest and _is_code(code[0]) for code in _ENCODED.finditer(text)):
        return True
    if len(_NO_CHARACTER.findall(text)) >= 3:
        return True
    if about_codes:
        return False
    if len(_MOJIBAKE.findall(text)) >= 4 or any(len({*soup[0]}) >= 7 for soup in _SOUP.finditer(text)):
        return True
    if any(len(re.findall("[a-fA-F]", dump[0])) >= 8 for dump in _HEX.finditer(text)):  # else they are numbers
        return True
    return any(pattern.search(text) for pattern in (_RUN_TOGETHER, _NO_SPACE, _BYTES))


def _is_code(run: str) -> bool:
    """Whether a run mixes capitals, small letters and digits as codes do. Paths, rules and snake_case do not."""
    letters = [len(re.findall(kind, run)) for kind in ("[A-Z]", "[a-z]", "[0-9]")]
    if len(run) > 96:
        return sum(letters) >= 0.8 * len(run) and max(map(len, re.split(r"[-_/]", run))) >= 40
    return min(letters) >= 3 and letters[0] + letters[2] >= 0.2 * len(run)


_THINK = (
    r"think|thinking|thought|thoughts|thinking_process|thought_process|reasoning|reasoning_process|scratchpad"
    r"|reflection|monologue|inner_(?:monologue|thoughts?)|internal_thoughts?"
    r"|internal_monologue|chain_of_thought|cot|antthinking|seed:think|思考|思索|推理|생각|suy_nghĩ|suy nghĩ"
)
_AT_START = r"analysis|reason|rationale|plan|planning|deliberation|internal|hidden|analyze|brainstorm"
_TAG = re.compile(
    rf"(?:<|&lt;|◁|＜|\[|【)\s{{0,3}}[/\\]?\s{{0,3}}(?:{_THINK})\b[^<>\[\]\n]{{0,40}}(?:>|&gt;|▷|＞|\]|】)"
    r"|<[|｜]\s?(?:begin|end|start)_of_(?:thought|thinking|reasoning|solution)\s?[|｜]>|<\|channel\|>",
    re.IGNORECASE,
)
_OPENING = re.compile(
    rf"[^\w<\[【]{{0,5}}(?:[<\[【]\s?/?(?:{_THINK}|{_AT_START})\b[^<>\n]{{0,40}}[>\]】]?"
    rf"|(?:{_THINK})>"
    r"|(?:my |internal )?(?:thinking(?: process)?|thought process|chain of thought|internal monologue|thoughts?"
    r"|scratchpad)[*_]{0,2}\s?:"
    r"|(?:(?:okay|ok|alright|all right|hmm+|so|well|right|first|let me think|let's see)[,.!…]{0,3} ){1,3}(?:so,? )?"
    r"(?:the user|the question|the prompt|the instruction)(?:'s)? (?:wants?|is|asks?|asked|needs?|question|query"
    r"|request|says)"
    r"|let me (?:think|see|first)[^.\n]{0,30}(?:the user|they want)"
    r"|the user (?:asks (?:me|for|to|a)|wants (?:me|to know)|is asking|asked me|asks me|asks (?:for|about|how|why"
    r"|what)|has asked)"
    r"|(?:好的|嗯|首先)[，,]?\s?用户|用户(?:想|要求|问)|ユーザーは|사용자(?:가|는) |người dùng (?:muốn|hỏi|yêu cầu))",
    re.IGNORECASE,
)
_QUOTED_CODE = re.compile(r"```[^`]*```|`[^`\n]*`|[\"“'](?:<[^<>\n]{1,40}>)[\"”']")


_ABOUT_TAGS = re.compile(r"[?？]|\b(tags?|tokens?|thẻ)\b|标签|タグ|태그", re.IGNORECASE)


def reasoning(row: Mapping[str, Any]) -> str | None:
    """Return "reasoning" if a model's thoughts, or the tags around them, were left in: `<think>`, in many spellings.

    An answer about such tags is none.
    """
    instruction, response = text_of(field(row, "instruction")), text_of(field(row, "response"))
    if _OPENING.match(response) or _OPENING.match(instruction):
        return "reasoning"
    asked = _TAG.search(instruction)
    if asked and (asked[0] not in _QUOTED_CODE.sub(" ", instruction) or _ABOUT_TAGS.search(instruction)):
        return None
    return "reasoning" if asked or _TAG.search(_QUOTED_CODE.sub(" ", response)) else None


# Words on which no sentence ends.
_DANGLING = frozenset(
    "a an the and or but because of your my their our every between into than whose if which while although such as"
    " with from for to is are was were be been will would should can could that this these its his when where by at"
    " very including through until whether onto toward towards upon per than both either unless since because they he"
    " she we might must nor"
    " và của để với cho các những một thì hoặc nếu vì khi trong được bằng là nhưng rằng mà tại".split()
)
# Those of them on which an instruction, which often has no full stop, may end: "what is this for", "where is it from".
_MAY_END = frozenset(
    "for to is are was were be been will would should can could that this these its his from with by at"
    " of in when where as if very through when per both either since because they he she we might must"
    " khi được là tại trong cho".split()
)
_CLOSED = re.compile(r"[.!?…。！？．｡)\]}）】」』”’\"'`*_~>|;%°€$|/\\=]$|[^\w\s,:，、：(（\[{\-–—]$")
_OPEN_END = re.compile(r"[,:，、：(（\[{–—]$|\w-$")
_BARE_MARK = re.compile(r"\n\s{0,20}(?:\d{1,3}[.)]|[-*•])$")
_LISTED = re.compile(r"\s{0,20}(?:\(?[\da-zA-Z]{1,3}[.):]\s|[-*•|#>+]|\d{1,2}[.)]?\s)")
_CODE = re.compile(r"[{}<>=;$\\|]|\w\(|^\s{4,}|^\s*(?:def|class|import|return|for|if|SELECT|print|const|let|var)\b")
_SENTENCE = re.compile(r"[.!?。！？]['\"”’」』)]{0,2}(?:\s+|(?<=[。！？]))")
_JA_KO_DANGLING = re.compile(
    r"(?:[はがをにでとのへも、]|から|まで|より|[가-힣](?:을|를|은|는|이|가|에|의|와|과|로|고|며|서|도|면))$"
)
_TO_CONTINUE = re.compile(
    r"\b(complete|completion|continue|finish|fill|next word|blank)\b|_{2,}|\.\.\.|…|tiếp|hoàn thành|điền|续写"
    r"|补全|填|続|穴埋|이어|완성|빈칸",
    re.IGNORECASE,
)


_TO_STOP = re.compile(
    r"\b(break(s|ing)? off|cliff-?hanger|mid-?sentence|middle of (a|the) (sentence|line|word)|unfinished|incomplete"
    r"|half-?finished|stop(s|ping)? (abruptly|mid|short|before)|cuts? off|trail(s|ing)? off|interrupted|sentence"
    r" starters?|without (a |any )?(ending|finishing|punctuation|full stops?))\b",
    re.IGNORECASE,
)


def unfinished(row: Mapping[str, Any]) -> str | None:
    """Return "unfinished" if the response, or the instruction, stops in the middle of a sentence.

    Words, lists, code, formulas and poems need no full stop, and a sentence to be completed is unfinished on purpose.
    """
    instruction, response = text_of(field(row, "instruction")), text_of(field(row, "response"))
    if stops_early(response) and not _TO_STOP.search(instruction[:5_000]):
        return "unfinished"
    if ":" in instruction or _TO_CONTINUE.search(instruction[:5_000]):  # a text to be worked on may end anywhere
        return None
    last = words_of(instruction[-60:])[-1:]
    if re.search(r"\b(ways?|how|able|want|order|going|like|need|tips|steps) to$", instruction[-40:]):
        return "unfinished"
    hangs = (
        bool(last)
        and last[0] in _DANGLING - _MAY_END
        and instruction[-1:].isalpha()
        or instruction.endswith((",", "，", "、"))
    )
    return "unfinished" if hangs else None


_SIGNED = re.compile(r"(many )?(thanks|thank you|regards|best|love|cheers|yours|sincerely|xo+)\b", re.IGNORECASE)


def stops_early(text: str) -> bool:
    """Whether a text stops before its last sentence does."""
    if text.count("```") % 2 or _BARE_MARK.search(text[-60:]):
        return True
    lines = [line.strip() for line in text[-6_000:].splitlines() if line.strip()]
    if not lines or text.endswith("```"):
        return False
    last, before = lines[-1], lines[:-1]
    if _CODE.search(last) or _URL.search(last.rsplit(None, 1)[-1]):
        return False
    if _OPEN_END.search(last):
        return True
    if last.count('"') % 2 and not re.search(r'\d"', last) or last.count("(") > last.count(")") and ":(" not in last:
        return last[-1].isalnum() or last[-1] in ",;"
    if _CLOSED.search(last) or last[-1].isdigit():
        return False
    words = words_of(last)
    if len(words) >= 3 and words[-1] in _DANGLING and last[-1].isalpha():
        return True
    parts = [part for part in _SENTENCE.split(last) if part.strip()]
    rest = words_of(parts[-1]) if parts else []
    if len(rest) >= 4 and _JA_KO_DANGLING.search(last):
        return True
    if _LISTED.match(last):
        items = [line for line in before if _LISTED.match(line)]
        ended = len(items) >= 2 and all(line[-1] in ".!?" for line in items)
        return ended and len(words) >= 3
    spaceless = any(_SPACELESS.match(word) for word in rest)
    if parts and _SIGNED.match(parts[-1]):
        return False  # a signature
    if len(parts) > 1:  # the sentences before it end as sentences do
        return len(rest) >= (4 if spaceless else 2)
    prose = all(re.search(r"[.!?。！？]['\"”’」』)]?$", line) for line in before)
    listed = last.count(",") + last.count("、") + last.count("，") > len(rest) / 6
    if spaceless and "，" not in last and "、" not in last and not before:  # who writes without marks ends without one
        return False
    return prose and not listed and len(rest) >= (8 if before else 14) * (2 if spaceless else 1)
