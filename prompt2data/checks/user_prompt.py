"""Does a system prompt describe a user who keeps a cat, in any of the course's languages?

Lists of words and shapes of sentences, no understanding: who the user is and what they ask may be said in any way
that uses the words; an order to write questions is recognized by its verb, its object and whose verb it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from prompt2data.checks.core import Wrong, wrong_if
from prompt2data.i18n import _

_MIN_WORDS, _MIN_DIFFERENT = 12, 8
# Scripts without spaces between words, and Hangul, whose words are long: two characters count as a word.
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")

_USER = re.compile(
    r"(?<![a-z])users?(?![a-z])|người (?:sử )?dùng|用户|用戶|使用者|用家|ユーザ|利用者|사용자|이용자|유저"
)
_CAT = re.compile(
    r"(?<![a-z])(?:tom|house|pussy|alley)?(?:cats?|kittens?|kitty|kitties|felines?)(?![a-z])"
    "|mèo|猫|貓|ねこ|ネコ|にゃんこ|고양이|냥이|반려묘"
)
_DOG = re.compile(r"(?<![a-z])(?:dogs?|pupp(?:y|ies)|hamsters?|rabbits?|parrots?)(?![a-z])|chó|狗|犬|강아지|개를")
_ASKS = re.compile(
    r"ask|question|want|wonder|curious|inquir|enquir|quer(?:y|ies)|advice|need|interest|learn|seek|request|concern"
    r"|worr(?:y|ie)|looking for|find out|discuss|turns? to you"
    "|hỏi|thắc mắc|muốn|tư vấn|tìm hiểu|quan tâm|nhờ|băn khoăn|lo lắng|trao đổi"
    "|问|問|咨询|諮詢|想|请教|請教|了解|瞭解|求助|关心|關心|讨论|討論|聊"
    "|質|尋|聞|訊|相談|知りた|たずね|きいて|きき|悩"
    "|묻|물어|물을|물으|질문|문의|궁금|상담|알고 싶|알고싶|의논"
)
_NO_CAT = re.compile(
    r"""\b(?:no|not|without(?=\ (?:a|an|any|cats|kittens)\b)|nor|neither|instead\ of|rather\ than|cannot|\w+n't
        |never(?!.*\b(?:before|until|first)\b))
        \ (?:(?:a|an|any|own|owns|have|has|had|having|ever|keep|keeping|kept|want|like|get|single|of|or|about|mention
            |speak|talk|interest|interested|in|more|longer|dogs?)\ ){0,5}
        (?:(?!but|only|just|the|h(?:is|er)|their)\w+\ )?
        (?=(?:cat|kitten)s?\b(?!\ than))
      | \b(?:hates?|dislikes?|allergic\ to|afraid\ of|fears?)\ (?:all\ )?(?=cats?)
      | (?:không|chẳng|chưa)(?:\ (?:hề|có|nuôi|phải|thích|còn|giữ|là|một|con|chú|bất|kỳ|muốn|nói|về|sở|hữu))*\ (?=mèo)
      | (?:没有?|沒有?|不|无|無|并非|而非|别|勿)(?:是|有|再|曾|养|養|过|過|喜欢|喜歡|想|要|谈|说|任何
        |一|只|隻|关于|小)*(?=[猫貓])
      """,
    re.VERBOSE,
)
_CAT_NOT = re.compile(
    r"""猫(?:は|が|を|も|では)?(?:一匹も)?(?:い(?:ない|ません|なく)|おら|飼(?:って|わ|い)?い?(?:ない|ません|おら|ず|なく|ませ)
        |持って(?:い?ない|い?ません|おら)|では?な|じゃな|なし|嫌い)
      | 고양이(?:는|가|를|도|은)?\ ?(?:한\ 마리도\ )?(?:없|안\ |(?:키우|기르|좋아하)(?:지|고\ 있지)\ ?(?:않|못|는\ 않)
        |아니|아닌|말고|대신)""",
    re.VERBOSE,
)

# -- who is told to write questions -------------------------------------------------------------------------------

_THEM = r"(?:users?|owners?|keepers?|persons?|people|someone|somebody|human|customers?)"
_VERB = r"""(?<![\w'-])(?:(?:writ|generat|creat|produc|compos|formulat|mak|giv|provid|pos|simulat|devis|phras|propos
    |prepar|imagin|invit)(?:es?|ing) | (?:invent|draft|output|list|suggest|brainstorm|craft|print|return|ask|build|show
    |send|design|synthesi[sz]e|guess|predict|think|tell|say|state|type|need|want)(?:s|ing)?
    | com(?:es?|ing)\ up\ with)\b"""
_SKIP = r"""(?:answer\w*|repl\w+|respon\w+|advi[cs]e\w*|help\w*|tips?|information|details?|explanations?|solutions?
    |guidance|support|to|when|if|whether|after|before|never|who|whose|has|have|clarif\w+|know)\b"""
_ORDER = re.compile(
    rf"""(?P<verb>{_VERB})(?!\ (?:the\ user|them|him|her|back|you|for\ clarif|clarif\w*|follow)\b)
    (?: (?:[^\w]+(?!{_SKIP})[\w'-]+){{0,8}}?[^\w]+(?:questions?|quer(?:y|ies)|inquir(?:y|ies)|prompts?|requests?
          |messages?|conversations?|dialog(?:ue)?s?|utterances?)\b
      | (?:\W+[\w'-]+){{0,4}}?\W+(?:things?|something|sentences?|lines?|texts?)\b
          (?:\W+[\w'-]+){{0,6}}?\W+(?:asks?|says?)\b
      | (?:\W+(?:only|just|down|exactly))?\W+what\b(?:\W+[\w'-]+){{0,4}}?\W+{_THEM}\b
          (?:\W+[\w'-]+){{0,6}}?\W+(?:ask|say|want|write)\w* )""",
    re.VERBOSE,
)
_WHOSE = re.compile(
    rf"""(?P<none>\b(?:as|like)\ (?:the|a|an)\ (?:[\w-]+\ ){{0,2}}(?:user|owner),?\ who\b
          | \b(?:as|like|of|for|by|from|about|given|to|with|being|be|imitate|mimic|between|behalf\ of)
          \ (?:(?:the|a|an|your|this|some|each|every|any|my|\w+-time|real|typical|cat)\ ){{0,3}}{_THEM}(?!\w)
          | \b{_THEM}'s?(?!\w))
      | (?P<model>\byou(?:'ll|'re)?\ (?:are|will|must|should|can|have|need|may|shall|only|always|never|then|now
          |just|also|write|generate|ask|create)\b | \byour\ (?:task|job|role|goal|purpose|mission|work|duty|turn)\b
          | \b(?:assistant|model|bot|tool|generator|machine|system|writer|expert|ai|program)\b
            (?:,?\ (?:who|that|which)\b|\ (?:will|must|should|can)\b|(?=\ \w+s\b)) | \b(?:i|we)\ (?:want|need|would)\b)
      | (?P<many>\b(?:users|owners|keepers|people|they|who|that)(?!\w))
      | (?P<one>\b(?:user|owner|keeper|person|someone|somebody|he|she|human|customer)(?!\w))""",
    re.VERBOSE,
)
_HELPING = re.compile(
    r"\b(?:will|would|may|might|can|could|to|does|'ll|'d|wants?|likes?|usually|often|always|sometimes)\b|'(?:ll|d)\b"
)


def _english_order(sentence: str) -> bool:
    for order in _ORDER.finditer(sentence):
        before, verb = sentence[: order.start()], order["verb"].split()[0]
        back = verb == "ask" and re.search(r"^.{0,40}\b(?:back|clarif\w+|the user)\b", sentence[order.start() :])
        if back or re.search(
            r"\b(?:not|never|without|instead of|rather than|an?|the|this|h(?:is|er)|their|its)\W+$", before
        ):
            continue
        whose = [found for found in _WHOSE.finditer(before) if found.lastgroup != "none"]
        if not whose:
            # Neither "needs", "wants" nor "thinks" is an order without the words "I" or "you" before it.
            if not re.match(r"(?:need|want|mak(?:es|ing)|shows)", verb):
                return True
            continue
        who, between = whose[-1].lastgroup, before[whose[-1].end() :]
        bare = not verb.endswith(("s", "ing"))
        if who == "model" or (who == "one" and bare and not _HELPING.search(between)):
            return True
    return False


# In the other languages: (an order, the user as its subject, somebody else as its subject)
_ORDERS = (
    (
        r"(?<!vệ )(?:viết|tạo|sinh|soạn|đặt|nghĩ ra|đưa ra|liệt kê|đề xuất|bịa|nêu|xuất)(?! lời)"
        r"(?: (?!trả|giúp|giải|đáp|tư)[^\s.]+){0,8}? (?:câu hỏi|truy vấn|yêu cầu|tin nhắn|lời nhắc|hội thoại|thắc mắc)",
        r"(?<!như )(?<!vai )(?<!của )(?<!cho )(?<!từ )(?<!với )(?<!một )(?:người (?:sử )?dùng|họ|anh ấy|cô ấy|khách)\b",
        r"\b(?:hãy|vui lòng|nhiệm vụ|công việc|bạn (?:là|sẽ|phải|cần|nên|chỉ)|mô hình)",
    ),
    (
        r"(?:写|寫|编[写一几出造]|編[寫一]|生成|创作|創作|创建|产生|產生|提(?:出|一|几|幾|个|個|些|问)|列(?:出|举|舉)|想(?:出|一|几)"
        r"|拟|擬|设计|設計|给出|給出|输出|輸出|出(?:一|几|个|道)|[问問][一几个個出]|构思|制作)"
        r"(?:(?!回答|解答|解决|答案|建议|帮)[^。]){0,24}?(?:问题|問題|提问|提問|问句|問句|疑问|疑問|消息|訊息|请求|請求|对话|對話)",
        r"(?<![为為以像作当當替给給对對向帮是演拟擬似])(?:用户|用戶|使用者|user|他|她|主人)(?![的们們]?(?:身份|口吻|角度|语气|视角|一样|那样))"
        r"|[会會常](?=[^，]{0,3}$)",
        r"你[是要需应應必将將来來负負得只]|您[要需应必将]|[请請](?![教求问問假])|任[务務]|工作是|助手[会應应要]",
    ),
)
_SELF = (  # object, verb, endings of an order, what is one by itself, the user as the subject
    (
        r"(?:質問文?|問い|メッセージ|リクエスト|依頼文?|プロンプト|会話|問題)を(?:(?!答|読|受|解)[^。]){0,12}?",
        r"(?:書|作|つく|生成|作成|出力|出し|挙げ|述べ|列挙|創作|用意|投げ)",
        r"[いっしてりきえげべ]{0,3}(?:みて)?(?:くだ|下さ|なさ|くれ|ほし|欲し|ましょ|せよ|しろ|け[。]?$|れ[。]?$|(?:する|く|る)こと)|せよ|しろ",
        r"(?:して|考えて|提案して)(?:みて)?(?:くだ|下さ|くれ|ほし|欲し)|しなさ|せよ|しろ|しましょ",
        r"(?:ユーザー?|利用者|使用者|user)(?:たち|さん)?[はがも]",
    ),
    (
        r"(?:질문|문의|메시지|요청|프롬프트|대화)(?:들|문)?(?:을|를)? ?(?:(?!답|읽|도와|응|받)[^.]){0,12}?",
        r"(?:작성|생성|만들|만드|써|쓰|쓸|적어|적으|출력|제시|나열|던지|던져|지어)",
        r"[가-힣]{0,2} ?(?:주세|주십|줘|세요|십시|시오|라[. ]|라$)",
        r"(?<=[을를문] )(?:해 ?줘|해 ?주|하세|하십|하시오|해라|하라|내세)"
        r"|(?<=[나개만] )(?:해 ?줘|해 ?주|하세|하십|하시오)",
        r"(?:사용자|이용자|유저|user)(?:들)?(?:님)?(?:은|는|이|가|께서|도)",
    ),
)
_PLAYS = re.compile(
    r"""\b(?:act|behave|speak|talk|write|respond|reply|answer|continue|pose|think|role-?play(?:ing)?)\ (?:as|like)
          \ (?:if\ you\ (?:are|were)\ )?(?:the|a|an|your)?\ ?(?:[\w-]+\ ){0,3}?(?:users?|owner)\b
          (?!\ (?:support|assistant|guide))
      | \b(?:pretend|impersonate|imitate|mimic)(?:ing)?\b(?=.*\b(?:user|owner|you)\b)
      | \bplay(?:ing)?\ (?:the\ (?:role|part)\ of\ )?(?:the|a|an)\ (?:[\w-]+\ ){0,2}user\b
      | \b(?:take|in)\ (?:on\ )?the\ (?:role|shoes|voice|style|name|tone)\ of\ (?:the|a|an)
          \ (?:[\w-]+\ ){0,2}(?:user|owner)\b
      | \bin\ the\ user's\ (?:voice|words|style|name|tone)\b
      | \byou(?:'re|\ are)\ (?:now\ )?(?:the|a|an)\ (?:[\w-]+\ ){0,3}user\b
          (?!['-]|\ (?:support|assistant|guide|service))
      | \b(?:question|prompt|query)[\ -](?:generator|writer|maker|author)\b
      | \b(?:i|we)(?:'d|\ would)?\ (?:want|need|like)\b(?:\W+[\w'-]+){0,6}?\W+questions?\b
      | ^\W*(?:a|an|one|two|three|four|five|ten|some|\d+)\ (?:[\w-]+\ ){0,3}?questions?\b
      | ^\W*(?:cat\ |user\ )?questions?\ (?:about|on|from|by|of|for)\b
          (?!.*\b(?:are|is|come|concern|will|may|can)\b)
      | \b(?:complete|finish|continue)\b(?:\W+(?!answer)[\w'-]+){0,4}?\W+question\b | \bfollowing\b.{0,12}\bquestion\b
      | ^\W*(?:make|let|have)\ (?:the|a)\ user\ ask\b | ^\W*(?:invent|generate|output|make\ up)\ (?:it|them|some|one)\b
      | ^\W*write\ (?:it|them)\ down\b
      | \bquestions?,?\ please\b | \b(?:generat|creat|invent|produc|writ)(?:e|ing)?\b(?:\W+[\w'-]+){0,4}?\W+
          instructions?\ (?:that|which|from|by|of|a|an|users?)\b
      | \byour\ (?:task|job|goal|role|output)\b\W*(?:is\W+)?(?:to\ ask\b|(?:(?!answer)[\w'-]+\W+){0,4}?questions?\b)
      | ^\W*(?:please\ |now\ )?ask\b(?!\ (?:the\ user|them|him|her|back|for|if|when|clarif\w+|follow))
      | \b(?:generation|creation|invention|writing)\ of\ (?:\w+\ ){0,2}questions\b | questions?\s*:\s*$
      | (?:đóng|nhập|vào|trong|với)\ vai(?:\ trò)?[^.,]{0,18}(?:người\ (?:sử\ )?dùng|user|chủ)
      | giả\ (?:vờ|làm|sử\ bạn|định\ bạn)|hóa\ thân
      | (?:như|tư\ cách(?:\ là)?|bạn\ là|thay\ mặt)\ (?:một\ )?(?:người\ (?:sử\ )?dùng|user)\b
      | 扮演|假[装裝扮]|[装裝]作|冒充|(?:模[仿拟擬])(?:一?[名个個位])?(?:用[户戶]|使用者|user)
      | [以用从從站在](?:一?[名个個位])?[^。，]{0,8}(?:用[户戶]|使用者|主人)的?(?:身份|口吻|角度|[语語][气氣]
          |[视視]角|名[义義]|角色|立场)
      | [作做][为為]?(?:一?[名个個位])?(?:用[户戶]|使用者)[，,]
      | 你(?:就|现在)?是(?:一?[名个個位])?[^，。的]{0,6}(?:的)?(?:用[户戶]|使用者)(?=[，。,.]|$)
      | (?:ユーザー?|利用者)(?:に(?:なり|なっ|扮)|のふり|の役|を演じ|の立場[でに]|として(?!想定|登録|の))|なりきっ
      | あなたは[^。、]{0,12}(?:ユーザー?|利用者|飼い主)(?:です|だ|である)
      | (?:사용자|이용자|유저|주인)(?:인\ (?:척|것처럼)|처럼|의?\ ?역할|[가이]\ 되어|의?\ 입장|로서|라고\ (?:가정|생각))
      | (?:당신은|너는)\ [^.]{0,14}(?:사용자|유저|이용자)(?:입니다|다|야)""",
    re.VERBOSE,
)


def describes_cat_user(prompt: Any) -> None:
    """Raise `Wrong` unless a text describes a user who keeps a cat and what they will ask."""
    wrong_if(not isinstance(prompt, str), _("CAT_PROMPT should be a text."), actual=prompt)
    lines = re.sub(r"\s*\n\s*(?:\n|(?=[-*•\dA-Z]))", ". ", unicodedata.normalize("NFKC", prompt).replace("’", "'"))
    text = " ".join(lines.lower().split())
    dense, words = _DENSE.findall(text), re.findall(r"[\w'-]+", _DENSE.sub(" ", text))
    if len(words) + len(dense) // 2 < _MIN_WORDS:
        raise Wrong(_("CAT_PROMPT is short: describe the user in at least {n} words."), actual=prompt, n=_MIN_WORDS)
    few = len(set(words)) + len(set(dense)) // 2 < _MIN_DIFFERENT
    wrong_if(few, _("CAT_PROMPT repeats the same few words."), actual=prompt)
    message = _("CAT_PROMPT tells the model to write questions, or to play the user: describe the user instead.")
    wrong_if(any(map(_orders, re.split(r"[.!?;。！？；]+", text))), message, actual=prompt)
    languages = _("It may be in English, Vietnamese, Chinese, Japanese or Korean.")
    message = _("CAT_PROMPT does not speak of the user: say who the user is and what they will ask.")
    wrong_if(not _USER.search(text), message, actual=prompt, hint=languages)
    mentions = len(_CAT.findall(text))
    wrong_if(not mentions, _("CAT_PROMPT does not mention cats."), actual=prompt, hint=languages)
    without = len(_NO_CAT.findall(text)) + len(_CAT_NOT.findall(text))
    message = _("This user keeps no cat: describe one who does.")
    wrong_if(mentions <= without or len(_DOG.findall(text)) > 2 * mentions, message, actual=prompt)
    wrong_if(not _ASKS.search(text), _("CAT_PROMPT does not say what the user will ask."), actual=prompt)


def _orders(sentence: str) -> bool:
    """Whether a sentence tells the model to write questions or to play the user."""
    return bool(_PLAYS.search(sentence.strip())) or _english_order(sentence) or _other_order(sentence)


def _other_order(sentence: str) -> bool:
    for order, user, other in _ORDERS:
        for found in re.finditer(order, sentence):
            before = sentence[: found.start()]
            subject = max((match.end() for match in re.finditer(user, before)), default=-1)
            if subject <= max((match.end() for match in re.finditer(other, before)), default=0):
                return True
    for question, verb, ending, direct, user in _SELF:
        if re.search(f"{question}{verb}(?:{ending})|{question}(?:{direct})", sentence):
            return True
        for found in re.finditer(question + verb, sentence):
            if not re.search(user, sentence[: found.start()]):
                return True
    return False
