"""Does a response refuse to help? In English, Vietnamese, Chinese, Japanese and Korean.

A refusal speaks of the speaker's own limits: what it is, what it cannot or will not do for whoever asked. "You cannot
help a burnt crust" is advice. An apology refuses only together with such a limit, and a limit does not refuse when help
follows: "I cannot see your oven, but 230 degrees suit most loaves."
"""

from __future__ import annotations

import re

from prompt2data.quality import limits, looks
from prompt2data.quality.fields import words_of
from prompt2data.quality.vocabulary import lowered

_SHORT = 60  # words: a longer answer that also mentions a limit still has something to say
_SHORT_SPACELESS = 130  # characters of Chinese and Japanese, for the same reason

_PROGRAM = r"""(
    ai\b(?!\ (researcher|engineer|developer|expert|student|team|company|safety|ethics))
  | a\.i\. | artificial\ intelligence | ((large|small)\ )?language\ model | machine\ learning\ model
  | computer\ program | chat\ ?bot(?!\ developer) | (virtual|digital|text-based|automated|online|ai)\ (assistant
    |model|program|system)
)"""
_DO = r"""(
    help | assist | provide | answer | respond | write | make | give | do | comply | fulfill? | complete | create
  | discuss | access | know | see | browse | look | check | offer | share | tell | support | engage | process
  | generate | verify | advise | say | taste | smell | eat | feel | participate | draft | produce
    | recommend\ (specific|any|particular)
  | open | view | hear | listen | search | comment | speak | predict | diagnose | continue | fulfil | disclose
    | reveal | endorse
  | go\ along | walk\ you | show\ you | explain\ how | take\ part | carry\ out | perform | judge | describe\ how
    | teach | book | order | guide
  | translate\ (that|this) | promote | encourage | accommodate | entertain
)\b"""
_HAVE = r"""(
    access | information | personal | real-time | abilit(y|ies) | way\ of | way\ to | means\ of | senses | feelings
  | preferences | opinions? | memory | knowledge | browsing | taste\ buds | a\ body | data | permission | emotions
    | capabilit(y|ies)
)\b"""
_RULES = r"(guidelines|programming|policy|policies|rules|instructions|training|principles|safety)\b"

# First person only.
_ENGLISH: tuple[str, ...] = (
    rf"\b(as | being | i\ am | i'm)\b [^.?!]{{0,25}}? \b{_PROGRAM}",
    r"\bi\ (am|was|'m)\ ((only|just|merely)\ )?(designed | trained | programmed | built | created)\b",
    rf"""\bi(\ (cannot|can't|can\ not|could\ not|couldn't|won't|will\ not|shouldn't|should\ not|am\ not\ able\ to
  |am\ not\ going\ to)
         |'m\ not\ able\ to|'m\ not\ going\ to|'d\ rather\ not|'m\ not\ willing\ to|'m\ not\ allowed\ to)
         \ (be\ able\ to\ )?((really|actually|currently|personally|directly|in\ good\ conscience|knowingly|ethically
           |legally)\ )?{_DO}""",
    r"\b(we|this\ assistant|the\ assistant)\ (cannot|can't|are\ unable\ to|is\ unable\ to)\ (help|assist|provide"
    r"|fulfill?|comply)\b",
    r"\bi(\ am|'m)\ (unable|not\ able)\ to\b | \bi\ (won't|will\ not)\ be\ (\w+ing|able)\b | \bunable\ to\ "
    r"(assist|help|comply|fulfill?|provide)\b",
    rf"\bi\ (do\ not|don't|have\ no|lack)\b [^.?!:]{{0,30}}? \b{_HAVE}",
    r"""\b(beyond|outside|exceeds)\ (of\ )?
        (what\ i(\ can|'m\ (able|allowed|permitted)|\ am\ (able|allowed|permitted)) | me\b(?=\W) | my\ (\w+\ )?
          (capabilit(y|ies)|abilit(y|ies)|scope|knowledge|expertise|role|remit|limits))\b""",
    r"\bi('ll)?\ (must|will|have\ to|need\ to|'ll)?\ ?((respectfully|politely|kindly)\ )?(have\ to\ |must\ "
    r"|need\ to\ )?(decline|refuse)\b",
    r"\b(have\ to|must|going\ to)\ ((respectfully|politely)\ )?(pass\ on\ (this|that)|pass\b(?=\W*$)"
    r"|say\ no\ to\ (this|that)|decline|refuse)",
    r"\bi(\ would|'d)\ (rather|prefer)\ not\b",
    r"\bi(\ am|'m)?\ (not|don't\ feel)\ (comfortable|permitted|allowed|authori[sz]ed|in\ a\ position|qualified"
    r"|equipped|programmed|designed)\b",
    r"""\b(not|nothing|something|one|topic|request|question)\ (that\ )?i('m|\ am)?\ ?(can't|cannot|not\ able|won't
  |able\ to|can|will)\ (be\ able\ to\ )?(not\ )?
        (help|assist|do|answer|discuss|engage|support|fulfill?|speak)\b""",
    r"\bnot\ (be\ )?(appropriate|possible|right)\ for\ me\b | \bthere\ is\ nothing\ i\ can\b "
    r"| \bno\ answer\ can\ be\ given\b",
    rf"\b(against|violates?|under|within|per|contrary\ to|conflicts?\ with)\ (my|our)\ (\w+\ )?{_RULES}",
    rf"\bmy\ (\w+\ )?{_RULES}(\ data)?\ (does|do|don't|doesn't|prevents?|forbids?|prohibits?|stops?|keeps?)",
    r"\b(unknown\ to\ me|let's\ (talk\ about|change)\ (something|the\ subject)|can't\ be\ of\ (help|assistance)"
    r"|off-limits\ for\ me)\b",
    r"\bcan(not|'t)\ (help|assist|comply)\b\W*$ | \b(that's|that\ is|this\ is|it's)\ not\ something\ i\b",
)
# Limits without "can": no side is taken, nothing was understood, nothing is known or remembered, no such function.
_ENGLISH += (
    r"\bi('m|\ am)\ not\ (going|willing|prepared)\ to\ (?!lie|deny|pretend|bore)",
    r"""\bi\b [^.?!]{0,20} \b(remain|stay|be|keep)\ neutral\b | \bi\ (don't|do\ not|won't)\ take\ (a\ (position|side
  |stance)|sides)
        | \binappropriate\ for\ me | \bi('m|\ am)\ not\ an?\ (\w+\ )?(doctor|lawyer|physician|pharmacist|expert
          |professional|person|human)""",
    r"""\b(isn't|is\ not|not|without)\ enough\ (information|context|details?)\b [^.]{0,30}\b(me|answer|provided)\b
        | \bi\ (didn't|did\ not|don't|do\ not|couldn't)\ (quite\ )?(understand|catch|get)\ (the|your|that|what)\b
        | \b(could|can)\ you\ (please\ )?rephrase\b""",
    r"""\bi\ (do\ not|don't|cannot|can't|won't)\ (store|save|retain|remember|recall|keep)\b [^.]{0,30}\b(conversations?
  |chats?|said|told|messages?)
        | \bmy\ (knowledge|training\ data|information)\b [^.]{0,40}\b(cut-?off|ends|stops|limited|only\ (goes
          |reaches)|up\ to)\b""",
    r"""\bi\ ((therefore|thus|simply|also|just|still|unfortunately|sadly)\ )?(can't|cannot|can\ not|won't
  |am\ unable\ to)\ (\w+ly\ )?
        (play\ (music|songs?|audio|videos?)|set\ (a|an|the)|call|send|draw|order|book|buy|remember|recall|walk|rank
          |compare\ religions|tell\ you\ who|recommend\ (how|who|that\ you)|access|browse|track|locate)\b
        | \bi\ (have\ no|don't\ have|lack)\ (an?\ |any\ |the\ )?(\w+\ )?(function|feature|timer|camera|internet
          |tools?|location|record)""",
)

# Limits that are no refusal: figures of speech, and what a person says of something else.
_ENGLISH_INNOCENT = re.compile(
    r"""\bi\ (can't|cannot|can\ not|couldn't|could\ not)\ (really\ )?(help\ (but|noticing|feeling|thinking|wondering
  |laughing|smiling|it)
      | say\ (enough|for\ (sure|certain)|i\ blame|that\ i) | tell\ you\ how\ (much|happy|grateful|glad|sorry|often
        |many)
      | (see|feel|tell|smell|taste|hear|know|make|do|eat|look|write|offer)\ (a\ thing|any\ (difference|reason
        |problem|harm)|why|the\ (forest|difference)|myself|anything|without|it\ all|both|the\ point|wrong))
    | \bi\ (won't|will\ not)\ (lie|deny|give\ you\ (a\ (long|lengthy|full)|the\ (long|full))|tell\ a\ soul|bore
      |say\ (it's\ easy|that\ it\ is|it\ will)|make\ (you|this|it)\ )
    | \bi\ don't\ know\ about\ you\b | \bi\ have\ no\ (personal\ )?(problem|doubt|idea\ why)\b
    | \bsorry\ (to\ hear|for\ (your|the\ (loss|confusion|mistake|wait|delay|error|mix-?up|late))|about\ (that|the
      |your)|you('re|\ are|\ had))
    """,
    re.VERBOSE,
)
_ENGLISH_SORRY = re.compile(
    r"""^[\W_]{0,10}((unfortunately|oh|hello|hi|hmm|ah)\b[,.!]?\ )?
        (i(\ am|'m)\ (\w+\ )?(sorry|afraid)|sorry|i\ regret|i\ (do\ |must\ |sincerely\ )?apologi[sz]e|
          (my\ )?apologies|regrettably|unfortunately|i\ regret)\b""",
    re.VERBOSE,
)
# What an apology needs to become a refusal, wherever its limit is said without "I".
_ENGLISH_NO = re.compile(
    r"""\b(can't|cannot|can\ not|unable|not\ able|not\ possible|impossible\ for\ me|won't|will\ not\ be|decline
  |not\ (permitted|allowed|available\ to\ me|something)
        |no\ (answer|information|way)|don't\ have|do\ not\ have|beyond|outside|unknown|not\ appropriate|nothing\ i
          |against)\b""",
    re.VERBOSE,
)

# Help after a limit, and ways to be sent elsewhere, which are none.
_TURN = re.compile(
    r"\b(but|however|still|though|instead|that said|generally|usually|typically|in general|what i can|here (?:is"
    r"|are|'s)|nhưng|tuy nhiên|thay vào đó|thông thường|song|dưới đây)\b|(?<=\w):\s"
    r"|但|不过|然而|通常|一般来说|可以这样|以下|ですが|ますが|ませんが|ただし|しかし|代わりに|一般的に|一般に"
    r"|目安|けれど|けど|지만|다만|하지만|대신|일반적으로|보통|그래도|으나"
)
_ELSEWHERE = re.compile(
    r"""\b(consult|contact|professional|expert|seek|speak\ (to|with)|talk\ to|doctor|lawyer|check\ with|official
  |something\ else|anything\ else|another\ (question|topic|way|request)|other\ (question|topic|request|task)s?
      |different\ (question|topic|request)|can\ i\ help|i\ can\ help|help\ you\ with|assist\ you\ with|happy\ to
        |glad\ to|feel\ free|let\ me\ know|appreciate|understand(ing)?|reach\ out|thank|please\ (ask|try|provide
        |refer|visit|call)|hotline
      |chuyên\ gia|bác\ sĩ|luật\ sư|liên\ hệ|câu\ hỏi\ khác|điều\ gì\ khác|chủ\ đề\ khác|việc\ khác|tham\ khảo
        |sẵn\ sàng|sẵn\ lòng|thông\ cảm|vấn\ đề\ khác|giúp\ bạn|hỗ\ trợ\ bạn|yêu\ cầu\ khác|nội\ dung\ khác)\b
      |咨询|联系|其他|别的|换|求助|专业|谅解|理解|乐意|愿意|医生|律师|官方|请教|帮助您|帮您|相談|他の|ほかの|別の
        |問い合わせ|専門|ご了承|ご理解|医師|弁護士|喜んで|お気軽|お手伝いでき|公式
      |문의|상담|다른|전문가|양해|이해해|의사|변호사|기꺼이|도와드릴 수 있|도움을 드릴 수 있|공식""",
    re.VERBOSE,
)
# Who asks for an apology, a refusal or a translation gets one.
_ASKED = re.compile(
    r"\b(translate|translation|apolog\w+|declin\w+|refus\w+|sorry|say no|turn(ing)? down|reject\w*|cancel\w*"
    r"|excuse|diary|monologue|journal"
    r"|rephrase|rewrite|proofread|e-?mail|letter|dialogue|role-?play|script|reply|message|text to"
    r"|dịch|xin lỗi|từ chối|thư|tin nhắn|hội thoại|hủy|email)\b|翻译|道歉|拒绝|婉拒|邮件|信|对话|短信|回复|改写"
    r"|翻訳|謝罪|断|お詫び|メール|手紙|会話|返信|訳し|번역|사과|거절|이메일|편지|대화|메일|문자|답장",
    re.IGNORECASE,
)
_AS_PROGRAM = re.compile(
    rf"\b(as|i'm|i\ am)\ (an?\ |only\ |just\ )*{_PROGRAM}|(help|assist|comply)\ (you\ )?with\ (that|this)|\bi\ "
    rf"(can't|cannot|won't|am\ unable\ to)\ (write|create|generate|assist|fulfill?|comply|provide|translate|draft"
    rf"|help\ with)|mô\ hình\ ngôn\ ngữ|语言模型|人工智能|言語モデル|人工知能|언어\ ?모델|인공지능",
    re.VERBOSE,
)

_LIMIT = re.compile("|".join(f"(?:{one})" for one in _ENGLISH), re.VERBOSE)
# What is said in quotation marks is said by somebody else.
_SAID = re.compile(r"\"[^\"\n]{4,300}\"|“[^”\n]{4,300}”|「[^」\n]{4,300}」|『[^』\n]{4,300}』|«[^»\n]{4,300}»")


# To say nothing without saying "I cannot": it depends, ask somebody else, and no more.
_EVADES = re.compile(
    r"\b(depends? (up)?on|depend on|personal (circumstances|preferences?|choice|situation|taste|matter)|individual"
    r" (circumstances|preferences?|needs|situation|case)|var(y|ies) (widely |greatly |a lot )?(from|by|with|between"
    r"|depending)|no (single|simple|one|universal|right|general|clear) (answer|solution|way|choice|rule)|(would|will"
    r"|may|might) not be (responsible|appropriate|right|wise|fair|proper|helpful)|(wouldn't|isn't|is not) (be"
    r" )?(responsible|appropriate|wise|fair|my place)|many (factors|things|aspects|variables|considerations)|hard to"
    r" say|difficult to (say|give|generali[sz]e)|complex (topic|matter|question|subject|issue)|sensitive|different"
    r" for every\w*|every\w* is different|up to you|matter of (taste|opinion)|rather not|better left|best left|prefer"
    r" not|outside the scope)\b"
)
_SENDS_AWAY = re.compile(
    r"\b(consult|professional|expert|specialist|qualified|seek (advice|help|guidance)|(speak|talk|turn) (to|with)|ask"
    r" (a|an|your|someone|at)|better placed|best placed|advi[sc]e from|guidance from|local (shop|store|office"
    r"|authorit\w+)|do your own research|research|reliable sources?|official sources?|someone (who|with)|advis[eo]rs?"
    r"|reach out|refer to|look elsewhere|other sources?|decide for yourself|you know best|trusted)\b"
)
_ASKS_WHOM = re.compile(r"\b(who|whom|depends?|consult|expert|professional|doctor|lawyer|see a|ask|where can i)\b")


def _evades(low: str, asked: str) -> bool:
    """Whether every sentence of a short English text, in lower case, either says that it depends or sends elsewhere."""
    said = [part for part in re.split(r"(?<=[.!?])\s+|\n+", low) if len(words_of(part)) >= 3]
    if len(words_of(low)) > 90 or _ASKS_WHOM.search(asked) or re.search(r"\d|[:;]", low):
        return False
    evasive = [bool(_EVADES.search(part)) for part in said]
    away = [bool(_SENDS_AWAY.search(part)) for part in said]
    return any(evasive) and any(away) and all(one or other for one, other in zip(evasive, away, strict=True))


_LIKELY = 0.9  # from which a response that no pattern knows refuses by its looks


def refuses(response: str, instruction: str = "") -> bool:
    """Whether a response refuses: it is short, says what the speaker cannot or will not do, and no help follows.

    Patterns of words find what they foresee; what it looks like (`looks.py`) finds others.
    """
    if by_rule(response, instruction):
        return True
    return 0 < len(response) <= 2_000 and looks.likelihood("refusal", response, instruction) >= _LIKELY


def by_rule(response: str, instruction: str = "") -> bool:
    """`refuses`, by patterns of words alone."""
    low = lowered(response[:2_000])  # no refusal is longer
    size = len(words_of(low))
    low = limits.INNOCENT.sub("~", _ENGLISH_INNOCENT.sub("~", _SAID.sub("~", low))).replace("\n", " ")
    spaceless = len(re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]", low)) > len(low) / 3
    if size >= (_SHORT_SPACELESS if spaceless else _SHORT):
        low = re.split(r"(?<=[.!?。！？])\s*", low, maxsplit=1)[0] if len(response) < 2_000 else ""
        if not _ENGLISH_SORRY.match(low) and not limits.SORRY.match(low):
            return False
    if _evades(low, lowered(instruction[:2_000])):
        return True
    if _ASKED.search(instruction[:2_000]) and not _AS_PROGRAM.search(low):
        return False
    ends = [match.end() for match in _LIMIT.finditer(low)]
    if not low.isascii():
        ends += [match.end() for match in limits.LIMIT.finditer(low)]
    sorry = _ENGLISH_SORRY.match(low) or limits.SORRY.match(low)
    if sorry:
        rest = low[sorry.end() :]
        if len(words_of(rest)) <= 3 and "~" not in low and not low.startswith("unfortunately"):
            return True  # the apology is all there is
        no = _ENGLISH_NO.search(rest[:160]) or limits.NO.search(rest[:80])
        ends += [sorry.end() + no.end()] if no and not low.startswith("unfortunately") else []
    return bool(ends) and not _helps(low[max(ends) :], spaceless)


def _helps(rest: str, spaceless: bool) -> bool:
    """Whether what follows a limit is help, and not the advice to ask somebody else."""
    turn = _TURN.search(rest[:120])
    if not turn:
        return False
    help_ = rest[turn.end() :]
    return len(words_of(help_)) >= (10 if spaceless else 5) and not _ELSEWHERE.search(help_)
