"""How a prompt that asks for questions shows in one of them: what is said to the writer, not to an assistant.

Seven kinds, in English, Vietnamese, Chinese, Japanese and Korean: lists that are announced, seeds and examples,
sources that are not there, gaps, fields of a record, orders to a writer of questions, the user spoken of as "the user".
"""

from __future__ import annotations

import re

_KINDS = (
    # Lists that are announced, and what is said of a question instead of asking it
    r"here(?:'s|\ are|\ is)\ (?:\d+|some|a\ few|the|ten|five|your|a|an|one)\ (?:\w+\ ){0,3}(?:questions?|queries"
    r"|instructions?|prompts?|requests?)\b"
    r"(?:\ (?:that|which)\ (?:fits?|matche?s?|meets?|follows?|satisf\w+)|[^?:\n]{0,60}:\s*(?:\n|$))"
    r"|\b(?:questions?|requests?)\ (?:that\ )?(?:an?|the)\ users?\ (?:might|may|could|would)\ ask"
    r"|\b(?:question|instruction|query|prompt)s?\ (?:generated|created|derived|extracted)\ (?:from|by)\b"
    r"|(?:câu hỏi|yêu cầu)(?: mà)? (?:người dùng|người mới)(?: \w+){0,4} (?:có thể|sẽ|thường) hỏi|câu hỏi "
    r"(?:được )?(?:sinh|tạo|trích|rút)(?: ra)? từ"
    r"|phiên bản (?:được |đã )?viết lại"
    r"|用户(?:可能|也许)?会?(?:提出|问)的\s?\d*\s?[个条]?问题|(?:文档|文件|资料)\s?\d*[^。？\n]{0,4}(?:生成|产生"
    r"|提取)的?问题"
    r"|(?:ユーザー|利用者)が(?:尋ね|聞き|質問し)(?:そう|る)[^。\n]{0,8}質問|(?:文書|ドキュメント"
    r"|資料)\s?\d*[^。\n]{0,6}(?:生成|作成|抽出)(?:した|された)質問"
    r"|(?:사용자|이용자)(?:가|이)? ?(?:할|물어볼|물을|던질)[^.\n]{0,6}질문|(?:문서|자료) ?\d*[^.\n]{0,8}(?:생성"
    r"|추출|만든)[^.\n]{0,4}질문",
    # Seeds and examples
    r"\bseed\ (?:topic|question|instruction|task|prompt|quer)"
    r"|\b(?:similar\ to|like|different\ from|unlike|in\ the\ style\ of)\ the\ (?:\w+\ )?examples\b|\b(?:above"
    r"|previous|given|provided)\ examples?\b"
    r"|^\W{0,5}(?:example|ví\ dụ|示例|例子|例|예시|예)\s?\d{1,3}\s?(?:[:：]|$)"
    r"|(?:chủ đề|câu hỏi|hướng dẫn|từ khóa) (?:mồi|hạt giống|gốc)|(?:tương tự|giống|trùng)(?: với)? (?:các "
    r"|những )?ví dụ"
    r"|种子(?:主题|问题|指令|任务|话题)|[与和跟](?:上面|以上|上述|前面|示例|例子)[^。？\n]{0,8}(?:类似|不?重复"
    r"|不同|相似)"
    r"|シード(?:の)?(?:トピック|質問|指示|タスク|テーマ)|元の?質問(?:を|に)|(?:上|上記|前)の例(?:に|と)|例と"
    r"(?:重複|似|異)"
    r"|시드 ?(?:주제|질문|지시|과제)|원본 질문|(?:위|앞|위의) ?예시(?:들)?(?:과|와)|예시(?:들)?[과와] (?:겹치"
    r"|중복|비슷|다른|유사)",
    # Fields of a record, in marks or tags
    r"\b(?:question|instruction|query|prompt|task)\W{1,6}[^\n]{3,300}?\W(?:difficulty|category|topic|level|domain"
    r"|tags)\*{0,2}\s?:"
    r"|(?:câu hỏi|yêu cầu)\W{1,6}[^\n]{3,300}?(?:độ khó|chủ đề|thể loại|phân loại|mức độ)\*{0,2}\s?:"
    r"|(?:问题|指令|質問|指示|질문|지시)[*\s]{0,4}[:：][^\n]{3,300}?(?:难度|类别|分类|難易度|カテゴリー?|分類"
    r"|난이도|분류|카테고리)[*\s]{0,4}[:：]"
    r"|^\s{0,9}\[(?:instruction|question|query|prompt|user|task)\]|\n\W{0,3}(?:a|answer|output|response|assistant)\s?:\s{0,9}$"
    r"|\b(?:act|speak|write|pretend\ to\ be)\ (?:as\ )?(?:an?|the)\ user\ (?:and|who)\ asks?\b"
    r"|^\s{0,9}<(?:instruction|question|query|prompt|task|user_query|seed|new_question)s?>",
    # Orders to a writer of questions
    r"\bcome\ up\ with\ (?:an?|\d+)\ [^.?\n]{0,60}\b(?:would|might|could|may)\ ask\b|\bas\ an?\ (?:question"
    r"|prompt|instruction|quiz)[ -](?:writer|author|setter|generator|creator),"
    r"|\b(?:generate|create|write|produce)\ (?:an?\ )?(?:\w+\ ){0,3}(?:set\ of\ |list\ of\ |\d+\ |ten\ |five\ "
    r"|diverse\ )(?:\w+\ ){0,3}(?:instructions|prompts)\ (?:related|about|for|on)\b"
    r"|\b(?:make\ sure|ensure)\ (?:that\ )?(?:the|each|every)\ (?:instruction|query|prompt)\ (?:is|does|has|can)\b"
    r"|\b(?:make\ sure|ensure)\ (?:that\ )?(?:it|the\ question|each\ question)\ (?:can|is|does"
    r"|has)\b[^.\n]{0,40}\b(?:answer\w*|self-contained)"
    r"|(?:nghĩ|đặt|tạo|viết|soạn)(?: ra)? (?:một|\d+) câu hỏi[^.?\n]{0,60}(?:có thể|sẽ|thường) hỏi|người (?:soạn"
    r"|ra|đặt|viết) (?:câu hỏi|đề)[,\s]"
    r"|(?:提出|想出|写出?|生成|设计)(?:一[个道]|\d+\s?[个道])?[^。？\n]{0,30}问题[^。？\n]{0,24}(?:会问|可能问"
    r"|能回答)|作为(?:出题人|提问者|命题人?|出题者)"
    r"|(?:初心者|ユーザー|利用者|人)が(?:尋ね|聞き|質問し)そうな|出題者として|(?:指示|質問|プロンプト)を\s?\d+\s?"
    r"(?:個|件|つ)(?:生成|作成|考え)|(?:質問|指示|クエリ)を(?:生成|作成)する(?:アシスタント|ai)"
    r"|(?:초보자|사용자|이용자|사람)(?:가|이)? ?(?:할|물어볼|물을|던질)(?: ?법한| ?만한)|출제자(?:로서)?",
    # The user, spoken of
    r"^\W{0,5}the\ user\ (?:should|must|will|would|needs\ to|asks|is\ asking|wants\ to)\b[^?]*$|\b(?:human"
    r"|user)\ (?:would|will|might)\ (?:send|say|ask|write|reply)\b"
    r"|^\W{0,5}người dùng (?:nên|cần|phải|sẽ|muốn|hỏi)\b[^?]*$|(?:con người|người dùng) (?:sẽ|có thể) (?:gửi|nói"
    r"|hỏi|viết)"
    r"|^\W{0,5}用户(?:应|需|要|会|想|向|询问)[^?？]*$|(?:人类|用户)(?:接下来|下一步)(?:会|将|要)?(?:发送|说|问|写|发)"
    r"|^\W{0,5}ユーザーは[^?？]*$|次に(?:人間|ユーザー)が|(?:人間|ユーザー)が次に"
    r"|^\W{0,5}사용자(?:는|가) [^?]*$|(?:인간|사용자)(?:이|가) (?:다음에|이어서) ",
)
_ASIDE = re.compile("|".join(re.sub(r"(?<!\\) ", r"\\ ", kind) for kind in _KINDS), re.IGNORECASE)

_SOURCE = re.compile(
    r"\b(?:context|passage|document|text|article|excerpt|paragraph)\ (?:above|below|provided|given|supplied)\b|\b"
    r"(?:above|provided|given|supplied)\ (?:context|passage|document|text|article|excerpt)\b"
    r"|\b(?:according\ to|based\ on|in|from)\ the\ (?:passage|provided\ text|given\ text|excerpt)\b|\bcontext\ above"
    r"|(?:ngữ cảnh|đoạn văn|văn bản|tài liệu|bài viết)(?: \w+)? (?:ở )?(?:trên|dưới đây|được cung cấp|đã cho|cho sẵn)"
    r"|(?:上述|以上|所给|给定|所?提供的?|上面的?)(?:上下文|文章|文本|文档|段落|材料|短文|原文)|根据(?:上下文|文章"
    r"|文本|短文|原文|材料|段落)"
    r"|(?:上記|提供された|与えられた)の?(?:文脈|文章|テキスト|文書|本文|資料)|本文(?:によると|に基づ|中)"
    r"|(?:위(?:의)?|제공된|주어진) ?(?:맥락|지문|글|텍스트|문서|본문)|(?:지문|본문)에 (?:따르|의하|근거)",
    re.IGNORECASE,
)
_LONGEST_WITHOUT_SOURCE = 160  # characters: a longer instruction may hold what it speaks of

_GAP = re.compile(
    r"""(?<![\w}\\$"'`(=])\{(?!\s)[^{}\n:;=<>()\d,."'|\\]{2,24}(?<!\s)\}(?!\})|\{\{\s?[\w.]{1,30}\s?\}\}
    |\[(?:insert|điền|chèn|nhập|插入|填入|填写|请填)[^\]\n]{0,30}\]|\[[^\]\n]{0,16}(?:を挿入|を入力|삽입|입력)\]
    |\[your\ [^\]\n]{0,30}\b(?:topic|question|instruction|input|prompt|text)(?:\ here)?\]""",
    re.IGNORECASE | re.VERBOSE,
)
_ABOUT_GAPS = re.compile(
    r"`|jinja|template|handlebars|mustache|liquid|\bvue|angular|placeholder|helm|ansible|latex|\bset\b|css|python"
    r"|javascript|json|f-string|print\(|f\""
    r"|c#|\bjava\b|\bcode\b|模板|代码|テンプレート|コード|템플릿|코드|mẫu|mã",
    re.IGNORECASE,
)


def said_to_a_writer(text: str) -> bool:
    """Whether a text, of some thousand characters at most, holds what a prompt says to a writer of questions."""
    if _ASIDE.search(text) or (_GAP.search(text) and not _ABOUT_GAPS.search(text)):
        return True
    alone = len(text) <= _LONGEST_WITHOUT_SOURCE and not re.search(r"[\n\"“「『:：]", text.strip())
    return alone and _SOURCE.search(text) is not None


_FIELDS = re.compile(
    r"(?:^|[.\n;,])\s{0,9}(?:topic|subject|domain|difficulty|level|question type|task type|type|format|category|style"
    r"|audience|constraints?|requirements?|output format|persona)\s?:",
    re.IGNORECASE,
)


_ORDERS_A_PROMPT = re.compile(
    r"\bthe (instruction|question|prompt|query) (should|must) (be|contain|have|not|use|ask|start|begin)\b"
    r"|[\"']instruction[\"']\s?:\s?[\"']|\b(generate|create|write) an? (\w+ ){0,3}(question|instruction|prompt|task)"
    r" (for|in) the (category|topic|domain|subject)\b",
    re.IGNORECASE,
)


def holds_fields(text: str) -> bool:
    """Whether a text of some thousand characters holds the fields of a generating prompt: "Topic: …. Difficulty: …"."""
    if _ORDERS_A_PROMPT.search(text):
        return True
    return (
        len(_FIELDS.findall(text)) >= 2
        and re.search(r"difficulty|question type|task type|output only", text, re.I) is not None
    )


_FILL_IN = re.compile(
    r"\{\{\s?[\w. -]{1,30}\s?\}\}|(?<![\w$])\{[a-z]+(_[a-z0-9]+)+\}|\[(?:insert|enter|add|fill in|specify|choose|your"
    r"|placeholder)\b[^\]\n]{0,40}\]|<(?:insert|enter|your)[ _-][^>\n]{1,40}>|%[a-z]{3,}(_[a-z]+)*%|\$\{[a-z_]{2,30}\}",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\{\{?\s?[a-z]{3,}(_[a-z0-9]+)*\s?\}")  # people who leave a gap in a letter write [Name]
_ASKS_FOR_GAPS = re.compile(r"template|placeholder|\bcode\b|html|jinja|variable|blank|form\b|script", re.IGNORECASE)
_CAPITALS = re.compile(
    r"<(?!THINK|REASON|THOUGHT|ANSWER)[A-Z]{3,}(?:[_ ][A-Z0-9]+)*>|\[[A-Z]{3,}(?:[_ ][A-Z0-9]+)+\]|\[(?:NAME|CITY"
    r"|DATE|PLACE|LOCATION|NUMBER|AMOUNT|PRICE|PRODUCT|COUNTRY|TIME|TOPIC|YEAR)\]"
    r"|(?<![{$])\{[A-Z]{3,}(?:_[A-Z0-9]+)*\}"
)
_FORMS = re.compile(
    r"template|placeholder|e-?mail|letter|form\b|message|invitation|contract|resume|\bcv\b|invoice|certificate|card\b"
    r"|html|xml|tags?\b|syntax|command|regex|variable|mad ?lib|blank|brackets|reusable|notice|memo|agreement|script",
    re.IGNORECASE,
)


def has_gaps(text: str, asked: str) -> bool:
    """Whether a response holds gaps that nobody filled, such as "{{city}}", where no form and no code was asked for."""
    if _FORMS.search(asked) and _VARIABLE.search(text) and not _ASKS_FOR_GAPS.search(asked):
        return True
    if _FORMS.search(asked) or _ABOUT_GAPS.search(asked) or "`" in text:
        return False
    return _FILL_IN.search(text) is not None or _CAPITALS.search(text) is not None
