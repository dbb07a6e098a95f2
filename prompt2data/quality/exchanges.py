"""A request and its answer: does the one ask, and does the other answer instead of saying the same again?

Each rule reads `instruction` and `response` of one row and takes time in proportion to their length. A text has to look
like a fault clearly: what might be a request is one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from prompt2data.quality import overlaps, turns
from prompt2data.quality.fields import UNSPACED, field, text_of, words_of
from prompt2data.quality.vocabulary import (
    AUXILIARIES,
    EVOLVED_VERBS,
    INSTRUCTION_VERBS,
    QUESTION_WORDS,
    STOPWORDS,
    lowered,
)

_LONGEST = 20_000  # characters: more is not read, what is a request says so earlier

# Tasks whose answer may well be words of the instruction.
_PICKS = re.compile(
    r"""\b(which|who|whom|whose|where|when|bullet\w*|checklist|table|csv|json|choose|pick|select|extract|find|quote|identify|repeat|copy|say|spell
  |underline|highlight
    |sort|order|rank|arrange|alphabeti\w*|classify|correct|fix|punctuat\w*|proofread|edit|rewrite|rephrase
      |paraphrase|translate
    |format|capitali[sz]e|lower-?case|upper-?case|convert|clean|remove|delete|keep|filter|complete|fill|cite
      |transcribe|reverse
    |echo|print|output|return|verbatim|exactly|true\ or\ false|first|last|longest|shortest|odd|or|summari[sz]e
      |shorten|name
    |chọn|trích|tìm|lặp|sắp\ xếp|sửa|dịch|viết\ lại|xếp)\b
    |选|提取|摘|找|哪|谁|重复|排序|改正|翻译|改写|抽出|選|どれ|どの|並べ|訂正|翻訳|書き直|繰り返|고르|고른|선택|추출
      |찾|어느|누구|정렬|고쳐|번역|반복|바꿔""",
    re.IGNORECASE | re.VERBOSE,
)
_REPEATS = re.compile(
    r"\b(repeat|copy|echo|say|quote|verbatim|print|output|return|write|type|translate|transcribe|correct|fix"
    r"|proofread|punctuate|bullet\w*|checklist|table|csv|json"
    r"|lặp|nhắc|viết|sửa|dịch)\b|重复|复述|抄|写|改正|翻译|繰り返|写|訂正|翻訳|반복|따라|고쳐|번역",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"^\W{0,5}(?:(?:sure|okay|ok|yes|certainly|of course|you asked|your question|the question(?: is)?|question|q"
    r"|instruction|the instruction(?: is)?|task"
    r"|prompt|you (?:want to know|are asking|wrote|said)|answer|response|a)\b[\s:,.!?\"“'-]{0,5}){1,3}",
    re.IGNORECASE,
)
_SPACELESS = re.compile(f"[{UNSPACED}]")
_QUESTION_END = re.compile(r"[?？]\W{0,5}$")


def echo(row: Mapping[str, Any]) -> str | None:
    """Return "echo" if the response says the instruction again, whatever its capitals and marks, and nothing else.

    None for tasks that ask for just that, and for answers that quote the question and then go on.
    """
    asked, said = _both(row)
    if not asked or not said or _REPEATS.search(asked[:_LONGEST]):
        return "echo" if asked and asked.casefold() == said.casefold() else None
    one = words_of(asked)
    for text in (said, _FRAME.sub("", said, count=1)):
        other = words_of(text)
        if one == other and (len(one) >= 3 or asked.casefold().strip(" .?!\"'") == text.casefold().strip(" .?!\"'")):
            return "echo"
        # The question with a word changed: "How do you bake bread?"
        both = _QUESTION_END.search(asked) and _QUESTION_END.search(text) and min(len(one), len(other)) >= 5
        if both and _overlap(one, other) >= 0.75:
            return "echo"
    halves = len(words_of(said)) // 2
    if halves >= 3 and len(one) == halves and words_of(said) == one * 2:
        return "echo"
    return "echo" if overlaps.restates(asked, said) and not copy(row) else None


def copy(row: Mapping[str, Any]) -> str | None:
    """Return "copy" if the response is nothing but a part of the instruction, four words or more in a row.

    None for tasks whose answer stands in the instruction: choose, extract, sort, correct, translate.
    """
    asked, said = _both(row)
    if overlaps.copies(asked, said):
        return "copy"
    one, other = words_of(asked), words_of(_FRAME.sub("", said, count=1)) or words_of(said)
    if not 4 <= len(other) < len(one) or not _holds(one, other):
        return None
    if len(other) < 8 and _SPACELESS.match(other[-1]):  # where a character is a word, four say little
        return None
    picks = _PICKS.search(asked[:_LONGEST])
    # Even who chooses does not choose nearly all of what was said
    return "copy" if not picks or 4 * len(other) >= 3 * len(one) and not _REPEATS.search(asked[:_LONGEST]) else None


def _both(row: Mapping[str, Any]) -> tuple[str, str]:
    return text_of(field(row, "instruction")), text_of(field(row, "response"))


def _holds(words: Sequence[str], part: Sequence[str]) -> bool:
    return f" {' '.join(part)} " in f" {' '.join(words)} "


def _overlap(one: Sequence[str], other: Sequence[str]) -> float:
    return len(set(one) & set(other)) / len(set(one) | set(other))


_ASKS = re.compile(
    r"""[?？¿;]|:\s*$|:\n|_{2,}|\b(please|pls|kindly|need|needs|want|wants|wanted|would\ like|'d\ like|help|tell\ me
  |show\ me|give\ me|let\ me\ know
    |let's|looking\ for|wonder|wondering|curious|interested|advice|suggestions?|recommendations?|ideas?|tips
      |your\ task|you\ are|you're\ an?|act\ as
    |imagine|suppose|pretend|assume|given|consider|should|must|trying|struggling|how\ to|how\ do|what\ is|not\ sure
      |don't\ (know|understand)|can't|cannot
    |explain|describe|write|solve|answer|question|problem|why|if)\b
    | \d\s*[-+*/×÷^=]\s*\d | [=∫∑√] | ```""",
    re.IGNORECASE | re.VERBOSE,
)
_MORE_VERBS = frozenset(
    "act adapt address adjust admit adopt analyse apply argue assemble assign assist assume book brainstorm break"
    " bring capitalize check cite clarify clean click code collect combine comment compile complete compress"
    " condense contrast continue copy debug decide decode deduce define delete demonstrate derive detect develop"
    " devise differentiate discuss display divide do edit elaborate enumerate execute expand express extend extract"
    " factor figure fill filter finish fix format formulate forecast get go grade group guide hello highlight"
    " illustrate implement include infer insert inspect integrate interpret introduce investigate join label learn"
    " locate look map match modify multiply narrate open order organize outline paraphrase parse perform pick plot"
    " point pretend prepare present print process produce program prove provide punctuate put question quote"
    " rearrange recall recite record recount reduce refactor reformat reformulate remove rephrase replace reply"
    " report research respond restate return reverse review revise rhyme roleplay round run score search see select"
    " send separate shorten simplify simulate sing sketch solve specify spell split start state study subtract sum"
    " summarise support swap synthesize take test think trace transcribe transform type underline understand"
    " unscramble update verify view visit watch".split()
)
_VERBS = INSTRUCTION_VERBS | EVOLVED_VERBS | _MORE_VERBS | AUXILIARIES | {*QUESTION_WORDS, "whom", "name", "translate"}
_FIRST_WORD = re.compile(r"(?:^|[.!:;,\n]|\band|\bthen|\bnow|\balso|\bfirst)[\s\"'“*#>\d().•-]{0,20}([a-z']+)")
_SUBJECT = frozenset(
    "the this that these those it he she they we you i my our your his her their its there here in on at when after"
    " before since because although while every each many most some all no one both thanks thank sure okay ok yes"
    " hello hi hey good great nice wow today yesterday once according unlike like as for with by from during another"
    " several people bread".split()
)
_FINITE = re.compile(
    r"\b(is|are|was|were|am|has|have|had|will|can|could|would|does|did|'s|'re|it's|i'm|that's|there's|makes?|made"
    r"|takes?|took|gives?|gave|goes|went|prefer|live|eat|drink|think|believe|enjoy|hate"
    r"|comes?|came|becomes?|became|means?|contains?|helps|needs?|uses?|used|likes?|loves?|rises|tastes?|grows?"
    r"|lies|stands?|keeps|\w{3,}(ed|es))\b"
)
# "The History of Rye" is a heading, "the history of rye" may be all that somebody types into a search
_HEADING = re.compile(
    r"(chapter|part|section|lesson|unit) \d|((the|a|an|introduction|overview|history)\b[^.!?]*$)", re.IGNORECASE
)
_THIRD_PERSON = re.compile(
    r"^\w+ \w{3,}s (at|into|up|down|off|out|through|around|only|best|well|very|too|when|because|the|an?"
    r"|like)\b[^?]*\.$"
)
_SMALL_TALK = re.compile(
    r"^\W*((hello|hi|hey|hi there|thanks?|thank you|thank you so much|thank you very much|good (morning|evening"
    r"|night|day|afternoon)|sure|great|nice|wow|ok|okay|bye|goodbye"
    r"|lol|cool|awesome|perfect|got it|i see|yes|no|sounds good|you're welcome|no problem|see you)\b[\s,.!]*){1,4}"
)

# For languages without English's word order: what asks, and how a statement ends or what it holds.
_ASKS_BY_LANGUAGE = {
    "vi": re.compile(
        r"\?|\b(hãy|xin|vui lòng|làm ơn|giúp|cho (tôi|mình|em|biết|ví dụ)|bao nhiêu|bao lâu|gì|nào|sao|đâu|ai|mấy"
        r"|không|chưa|muốn|cần|nên|viết|liệt kê|giải"
        r"|mô tả|kể|dịch|tóm tắt|so sánh|nêu|đề xuất|gợi ý|tạo|tìm|phân|tính|trình bày|hướng dẫn|đặt|chọn"
        r"|thiết kế|lập|soạn|nói|cách|ví dụ|nếu|nhờ)\b|:|\d\s*[-+*/×÷=]",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"^(讲|说|念|唱|画|做|找|让|把|将|选|查|试|背|猜|补|填|续|扩|简|概|归|评|论|回|判|识|提|模|扮|根据|按|以"
        r"|从|对)|[?？:：吗呢么啥哪谁何几]|请|帮|怎|多少|多久|能否|可否|是否|想|需|要|写|列|解|说明|描述|翻译"
        r"|总结|给|推荐|比较|生成|创|设计|分析|告诉|介绍|如果|假设|计算|编|提|改|举|谈"
        r"|\d\s*[-+*/×÷=]",
    ),
    "ja": re.compile(
        r"[?？:：]|か[。\s」]*$|か。|ください|下さい|教え|たい|欲し|ほし|願|頼|知り|困|でしょう|ませんか|いただけ"
        r"|なさい|せよ|しろ|書け|挙げ|述べ|(説明|比較|要約|翻訳|提案|作成|について|方法)$"
        r"|て[。\s]*$|もし|場合|何|どう|なぜ|いつ|誰|例|\d\s*[-+*/×÷=]",
    ),
    "ko": re.compile(
        r"[?？:]|까|요\?|주세|줘|주십|주시|하라|하시오|시오|세요|해라|써라|알려|설명|싶|궁금|원[하합]|필요|부탁"
        r"|어떻|무엇|뭐|왜|언제|어디|누구|얼마|몇|어떤|어느|방법|만약|써|작성|요약|번역|비교|추천"
        r"|\d\s*[-+*/×÷=]",
    ),
}
_STATES_BY_LANGUAGE = {
    "vi": re.compile(r"\b(là|đã|đang|được|rất|có|bị|sẽ|vừa|cảm ơn|chào|vâng|dạ)\b", re.IGNORECASE),
    "zh": re.compile(r"[。！!.]$|^(谢谢|你好|好的|今天|我)"),
    "ja": re.compile(r"(です|ます|した|だ|である|ね|よ|ました|ません|る|い)[。！!.]*$|ありがとう|こんにちは"),
    "ko": re.compile(r"(다|요|네|죠)[.!]*$|감사|안녕"),
}
_SCRIPTS = (
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("vi", re.compile(r"[ăđơưĂĐƠƯ\u1ea0-\u1ef9]")),
)


def no_request(row: Mapping[str, Any]) -> str | None:
    """Return "no request" if the instruction asks for nothing: a statement, small talk, a heading, empty words.

    It knows English, Vietnamese, Chinese, Japanese and Korean. Questions without a question mark are requests, and so
    is anything that might be one: an order with a verb it does not know, a text with a gap, a formula, code.
    """
    text = text_of(field(row, "instruction"))[:_LONGEST]
    if not text:
        return None
    for language, script in _SCRIPTS:
        if len(script.findall(text)) >= (0.05 if language == "vi" else 0.2) * len(text):
            asks = _ASKS_BY_LANGUAGE[language].search(text)
            return None if asks or not _STATES_BY_LANGUAGE[language].search(text) else "no request"
    return "no request" if _is_heading(text) or _states(lowered(text)) else None


_NAMES_A_TASK = re.compile(
    r"(an? |the )?(instructions?|prompts?|questions?|task|query|exercise|request|topic|title|assignment)\b( \w+){0,2} "
    r"(for|about|on|regarding|concerning|to do with) [^?!:\n]{3,200}$",
    re.IGNORECASE,
)


_LABELLED = re.compile(r"\W{0,5}(topic|title|subject|theme|heading|headline)\W{0,3}:[^\n?:]{3,120}$", re.IGNORECASE)


def _is_heading(text: str) -> bool:
    if _LABELLED.match(text):
        return True
    if _NAMES_A_TASK.match(text) and ". " not in text and not re.search(r"\b(is|are|was|were|has|have|that)\b", text):
        return True
    words = [word for word in text.split() if word.isalpha() and len(word) > 3]
    titled = len(words) >= 2 and all(word[0].isupper() for word in words)
    return titled and "\n" not in text and _HEADING.match(text) is not None and not _ASKS.search(lowered(text))


def _states(low: str) -> bool:
    """Whether an English text, as `lowered` returns it, states something and asks for nothing."""
    found = words_of(low)
    if not found or not re.search(r"[a-z]{2}", low) or re.search(r"[^\x00-\u024f\u2010-\u2026]", low):
        return False
    if "?" not in low and all(word in STOPWORDS for word in found) and not {*QUESTION_WORDS} & {*found}:
        return True
    small_talk = _SMALL_TALK.match(low)
    if small_talk and small_talk.end() >= len(low.rstrip()):
        return True
    if _TROUBLE.match(low):
        return False
    rest = low[small_talk.end() :] if small_talk else low
    if _ASKS.search(rest) or any(word in _VERBS for word in _FIRST_WORD.findall(rest)):
        return False
    opening = found[0]
    if small_talk and len(found) <= 12:
        return True
    if opening in _SUBJECT or _FINITE.search(" ".join(words_of(rest)[1:4])):
        # "A poem about rye", "Ten uses of flour" ask by naming what is wanted
        return bool(_FINITE.search(re.sub(r"\bto \w+", "", " ".join(words_of(rest)))))
    return bool(_THIRD_PERSON.match(rest.strip())) or bool(
        re.match(r"^(an?|some) ", low) and re.search(r"\b(is|are|was|were|has|had)\b", low) and low.endswith(".")
    )


# "my starter smells of acetone", typed without a full stop, is how people ask
_TROUBLE = re.compile(r"(my|our) [^.!?\n]{8,200}[^.!?\s]$")

_TURN = re.compile(
    r"(?:^|\n)[\s*#>_]{0,5}(?:user|human|assistant|ai assistant|ai|bot|chatbot|system|model|customer|student"
    r"|teacher|người dùng|trợ lý|用户|助手|ユーザー"
    r"|アシスタント|사용자|어시스턴트)[*_]{0,2}\s?[:：]",
    re.IGNORECASE,
)
_TURNS_IN_LINE = re.compile(r"\b(?:Human|User|Q): [^\n]{1,300}? (?:Assistant|AI|Bot|A): ")
_DIALOGUE = re.compile(
    r"\b(dialog(ue)?|conversation|chat|script|interview|transcript|role-?play|scene|play|exchange|skit|hội thoại"
    r"|đối thoại|kịch bản)\b"
    r"|对话|会话|剧本|采访|対話|会話|台本|대화|대본|인터뷰",
    re.IGNORECASE,
)
_HELPFUL = re.compile(
    r"""(?:hello|hi|hey|greetings|good\ \w+)?[\s,.!]{0,3}(?:there[\s,.!]{0,3})?(?:
      (?:sure|certainly|of\ course|absolutely|no\ problem)\b[\s,.!:]
    | i(?:'m|\ am)\ (?:happy|glad|here|ready|delighted|pleased|able)\ to\ (?:help|assist|answer|explain|provide)
    | i(?:'d|\ would)\ be\ (?:happy|glad|delighted|pleased)\ to
    | as\ (?:your|an)\ (?:\w+\ ){0,2}assistant\b | i\ can\ (?:help|assist)\ you | let\ me\ (?:help|assist)\ you
      | as\ an\ ai\b | i(?:'m|\ am)\ (?:an?|your)\ (?:\w+\ ){0,3}(?:assistant|ai|chatbot|language\ model)\b
    | how\ (?:can|may)\ i\ (?:help|assist)\ you | what\ can\ i\ (?:do\ for|help)\ you | here\ (?:is|are|'s)\ (?:an?
      |the|some)\ (?:\w+\ ){0,3}(?:answer|recipe|steps?|tips|list|way|guide|response)
    )|.{0,200}\bhow\ (?:can|may)\ i\ (?:help|assist)\ you\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HELPFUL_BY_LANGUAGE = re.compile(
    r".{0,60}(?:tôi có thể giúp gì cho|có thể giúp gì cho bạn|我可以帮您|有什么可以帮|我能为您|我能帮您"
    r"|何かお手伝い|どのようなご用件|お手伝いできること|무엇을 도와드릴|도와드릴까요|제가 도와)"
)
_USER = re.compile(
    r"^\W*(?:(?:thanks?|thank you|great|okay|ok)[\w\s]{0,20}[,.!]\s)?(?:how (?:do|can|should|would|long|much|many"
    r"|often|hot) (?:i|you|we|it|does|is|should)\b"
    r"|what (?:should|can|do) i\b|can you (?:help|write|give|explain|recommend|suggest|tell|show|make)|could you "
    r"(?:help|write|give|explain|recommend|suggest|show)"
    r"|please (?:help|write|give|explain|recommend|suggest|tell|show) |help me\b|i need (?:help|a|some|your"
    r"|to know)|i want (?:to|you)\b|tell me (?:how|what|why|about)"
    r"|i(?:'m| am) (?:looking for|trying to|having trouble|wondering))",
    re.IGNORECASE,
)
_ASKS_FOR_QUESTIONS = re.compile(
    r"\b(questions?|ask|asks|asking|quiz|prompts?|requests?|rephrase|rewrite|paraphrase|translate|message|e-?mail"
    r"|letter|polite|politely|say|write|correct|fix"
    r"|proofread|reply|customer|convert|turn|dialogue|story|poem|sentence|example|phrase|title|headline|survey"
    r"|interview)\b",
    re.IGNORECASE,
)


def roles(row: Mapping[str, Any]) -> str | None:
    """Return "roles" if a text goes on for the other side, or the two sides have changed places.

    That is: a line "User:" or "Assistant:" inside a text, an instruction that offers help, a response that asks the
    user's question. A dialogue that was asked for is none.
    """
    asked, said = _both(row)
    low, answer = lowered(asked[:_LONGEST]), lowered(said[:_LONGEST])
    if _DIALOGUE.search(low):
        return None
    if (
        any(match.start() for match in _TURN.finditer(said))
        or len(_TURN.findall(asked)) >= 2
        or _TURNS_IN_LINE.search(said)
    ):
        return "roles"
    if _HELPFUL_BY_LANGUAGE.match(low):
        return "roles"
    if turns.offers_help(low) or turns.asks_for_advice(low, answer) or turns.goes_on(low, answer):
        return "roles"
    offers = _HELPFUL.match(low)
    question = "?" in re.sub(r"(how (can|may) i|what can i) [^?.!]{0,60}\?|what would you like [^?.!]{0,40}\?", "", low)
    if offers and not question and not any(word in _VERBS - STOPWORDS for word in _FIRST_WORD.findall(low)[1:]):
        return "roles"
    if _USER.match(answer) and "?" in answer[-3:] + (
        "?" if not answer.startswith(("how", "what", "can", "could")) else ""
    ):
        asks_back = _ASKS_FOR_QUESTIONS.search(low) or len(words_of(answer)) > 40
        return None if asks_back else "roles"
    return None
