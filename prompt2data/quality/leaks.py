"""Did the prompt that made a row leak into it? In English, Vietnamese, Chinese, Japanese and Korean.

What counts is how such a prompt speaks of its own work: labels ("#Rewritten Prompt#:"), announcements ("Here is a more
complex version of the question"), orders to a writer of prompts, tokens and roles of a template. The words alone do
not: people do ask what a prompt is, and to rewrite a question.
"""

from __future__ import annotations

import re

from prompt2data.quality.asides import has_gaps, holds_fields, said_to_a_writer
from prompt2data.quality.vocabulary import TEMPLATE_TOKENS, lowered

_START, _END = 3_000, 1_000  # characters: a prompt leaks where a text begins or ends, tokens leak anywhere

# Tokens, anywhere.
_TOKENS = re.compile(
    TEMPLATE_TOKENS
    + r"""
    | </?\s?(no\s?input|no\s?output|no_(input|output)|end_of_(utterance|text|turn|sequence)|(begin|start)_of_text
      |endoftext|im_(start|end)|eot_id|eom_id|sep|cls|eod
      |end_of_(sentence|prompt|instruction|response)|extra_id_\d+|unused_?\d+|mask|reserved_special_token_\d+
        |0x[0-9a-f]{2})\s?>
    | \A\s{0,9}<(start|begin)> | <(end|stop)>\s{0,9}\Z
    | <\s?/?(user|assistant|human|bot|system|model)\s?>
    | \[/?(eos|bos|pad|unk|cls|sep|mask|sys|system_prompt|available_tools|tool_calls|end_of_text)\]
    | \{\{\s?(instruction|question|response|answer|input|output|prompt|completion|context|user_?(query|input
      |message)|query|topic|text|message)s?\s?\}\}
    | (?<![\w"'$(f])\{(instruction|response|prompt|completion|user_(query|input)|input_text)\}
    """,
    re.IGNORECASE | re.VERBOSE,
)

_KIND = r"(prompts?|questions?|instructions?|quer(?:y|ies)|tasks?|requests?|problems?)"
_MADE = (
    r"(rewritten|rewrited|re-written|given|original|new(?:ly)?(?:\ created)?|created|evolved|revised|modified"
    r"|improved|updated|complex|complicated|generated|enhanced|refined|final(?:ly)?(?:\ rewritten)?|mutated|input"
    r"|seed|source|reformulated|harder)"
)
_ENGLISH = re.compile(
    rf"""
      ^\W{{0,9}}(system|user|human|assistant|ai|bot|model|instructions?|response|input|output|prompt)\W{{0,9}}:
    | ^\W{{0,9}}(user|assistant|human|system)\s{{0,9}}\n
    | \#{{2,6}}\s{{0,3}}(instructions?|response|input|output|prompt|system|user|human|assistant|task\ description
      |context|criteria)\b
    | \#\s?(the\ )?({_MADE}\ )?(prompts?|rewritten|given|created|methods?\ list|plan|finally)\b[^\#\n]{{0,30}}(\#
      |:) | (^|\n)\#\ (task\ description|context|criteria\ for|output|example)\b
    | \#(given|rewrit|creat|the\ given) | prompt\#
    | (^|[.!:\n]\s{{0,4}})[\s*_\#"']{{0,5}}(the\ )?({_MADE}\ ){{1,2}}(version\ of\ the\ )?{_KIND}
      (\ \d+)?[\s*_\#"']{{0,5}}:
    | (^|\n)[\s*_\#"']{{0,5}}(instruction|task|query|user\ quer(?:y|ies)|prompt|user\ instruction|user\ (question
      |prompt))\ ?\d{{0,3}}[*_]{{0,2}}\s?:
    | \bbelow\ is\ an?\ (instruction|conversation|question|task|prompt)\b
    | (^|[.:>\n]\s{{0,9}})\W{{0,9}}you\ are\ an?\ (\w{{1,20}}\ ){{0,4}}(assistant|language\ model|chatbot|ai
      |prompt\ (re)?(writer|creator|engineer|generator))\b(?!\ (cook|baker|manager|professor|coach|director|chef
      |in\ a|at\ a|teacher|nurse|editor))
    | ^\W{{0,9}}come\ up\ with\ (an?|\w{{1,20}})\ (\w{{1,20}}\ ){{0,3}}(set\ of\ )?(tasks?|instructions?|prompts?
      |quer(y|ies))\b(?![^.?!\n]{{0,60}}\b(my|our|class\w*|child\w*|kids?|students?|pupils?|learners?|graders?
      |year-olds?|team|guests?|players?|employees?|colleagues?|interns?|campers?|scouts?|club|beginners?)\b)
    | \bto\ come\ up\ with\ (an?\ )?((set|list|series)\ of\ )?[^.?!\n]{{0,30}}\b(instructions|prompts|queries|tasks)\b
    | \bnot\ (to\ )?repeat\ the\ (same\ )?verb | \binstructions?\ (should|must)\ (also\ )?be\ (in\ english|diverse)
    | \ba\ (gpt\ )?language\ model\ should\ be\ able\ to | \b(instruction|fine)[- ](following|tuning)\ (data|example)
    | \b(following|given|this)\ persona\b | ^\W{{0,9}}persona\s?: | \bguess\ a\ prompt\b
    | \b(training|synthetic|seed)\ (data|examples?)\ for\ (an?\ |the\ |our\ )?(\w+\ )?(language\ model|llm|ai|chatbot)
    | \b(question-answer|instruction-response|q&a)\ pairs\b[^\n]{{0,80}}\b(json|model|document|dataset|fine|train)
    | \b(json|fields?|keys?)\b[^\n]{{0,60}}["'](instruction|question|prompt)["'],?\ (and\ )?["']\w+["']
    | ^\W{{0,9}}come\ up\ with\ (an?|\w{{1,20}})\ (\w{{1,20}}\ ){{0,3}}questions?\ (about|on)\ [^:.?\n]{{1,40}}(:
      |\.?$)
    | \b(rewritten|rewrite\ of|more\ (complex|complicated|difficult|challenging)\ version\ of|harder\ version\ of
      |rewritten\ version\ of|evolved\ version\ of)\ (((the|this|your|a)\ )?(given\ |original\ )?)
      (prompt|question|instruction|query|task)\b
    | \b(here|this|below|following)('s|\ is|\ are|\ follows)\ (\w{{1,20}}\ ){{0,6}}?(rewritten|re-written|rewrite
      |rephrased|reworded|evolved|more\ (complex|complicated|difficult|challenging|specific|detailed)|generated|new
      |revised|modified|diverse|improved|harder|user|synthetic)\ (\w{{1,20}}\ ){{0,3}}(prompt|instruction|question
      |quer|task|evolution)
    | \b(here|this|below|following)('s|\ is|\ are)\ (\w{{1,20}}\ ){{0,4}}?(rewritten|re-written|evolved
      |more\ (complex|complicated|difficult|challenging))\ (\w{{1,20}}\ ){{0,2}}(version|variant|variation)\s?(:|\n
      |of)
    | \b(i\ ('ve|have)\ |i've\ )(rewritten|rephrased|evolved|created|added|generated|made|increased|modified
      |revised)\ [^.?!\n]{{0,50}}\b(prompt|instruction|quer(y|ies)|constraint|the\ (question|task)|complexity
      |reasoning\ steps)
    | \b(rewrite|rewriting|re-write|evolve|transform)\ (the|this|a|that|it|your)?\ ?(\w{{1,20}}\ )?(given\ )?
      (prompts?|instructions?|quer(y|ies)|question)?\ ?(into|to\ (make|be)|as|so)\ (\w{{1,20}}\ ){{0,4}}
      (more\ (complex|complicated|difficult|challenging)|complex\ version)
    | \b(prompt|instruction)\ (re-?writer|creator|generator)\b
    | \b(your|the|my)\ (task|objective|goal|job|aim|role)\ (is|was)\ to\ (\w{{1,20}}\ )?(rewrite|create|generate
      |come\ up\ with|write|draw|produce|evolve|develop|design|formulate|propose)\ [^.?!\n]{{0,50}}\b(prompts?
      |instructions?|quer(y|ies)|brand.new|user\ (requests?|questions?)|(given|new)\ (question|task)s?)\b
    | \b(the|this)\ (rewritten|re-written|rewrited|evolved|created|newly\ created|new)\ (prompt|instruction|quer(y
      |ies))\b
    | \b(as|than|like|in)\ the\ (\#)?(given|original|seed)\ (prompt|instruction|quer(y|ies))\b(?!\ (of\ (the
      |a)\ |below|above|'|"))
    | ^\W{{0,9}}(rewritten|rewriting)\ ((the|this|your)\ )?(prompt|question|instruction)\b
    | \b(significance|process|importance)\ of\ x\b | \bgenerate\ (\d+\ |\w{{1,20}}\ ){{1,4}}(user\ )?quer(y|ies)\b
    | \b(write|create|produce|draft|compose)\ (an?|one|\d+|some)\ (\w{{1,20}}\ ){{0,3}}user\ (quer(y|ies)
      |prompts?|instructions?)\b
    | \buser\ quer(y|ies)\b[^.\n]{{0,60}}\b(ai|application|task|criteria|bread|diverse|output)\b
    | \b(for|by|from|to)\ (the|an|this|a\ given|your)\ (\w{{1,20}}\ )?ai\ (application|assistant|model
      |system)\b[^.?\n]{{0,60}}(\bquer|\binstruction|\bprompt|\brequest|\bbelow|\bdescribed|\bcontext|\busers?\ (may
      |might|could|would)\ ask)
    | \bai\ application\b | ^\W{{0,9}}task\ description\s?: | \btask\ description\b[^.\n]{{0,60}}\b(quer|criteria
      |output|input|user) | \bcriteria\ for\ (the\ )?quer | \b(incorporate|include)\ a\ diverse\ range\ of\ verbs
      | \bverbs,\ linguistic\ | \bdiverse\ (set|range)\ of\ (task\ instructions|instructions|prompts|quer)
    | \bas\ an?\ (user|synthetic)\ (query|instruction|prompt) | \ba\ user\ (query|instruction)\ (about|for|to|that
      |which)\b
    | \b(increase|increasing|raise)\ (the\ )?(difficulty|complexity|depth\ and\ breadth)\ (and\ \w+\ )?of\ (the|this
      |your)\ (\w{{1,20}}\ )?(prompt|instruction|quer|question|task)
    | \b(must|should|can)\ (only\ )?(add|be)\ (only\ )?(10\ to\ 20\ words|one\ more\ constraint)\b
      | \breasonable\ and\ must\ be\ understood\ and\ responded\ by\ humans | \bbrand.new\ prompt
      | \bmore\ rare\b[^.\n]{{0,60}}\b(prompt|domain)
    | \b(in.depth|in.breadth)\ evol | \bself.?instruct\b[^?\n]{{0,40}}: | \bis\ it\ classification\?
      | ^\W{{0,9}}task\ \d+\s?(\([^)\n]{{0,80}}\))?\s?: | (^|\n)\s{{0,4}}(class\ label|noinput)\s?:
    | \b(one\ more|add\ (one|a)(\ \w+)?|an\ additional|added)\ (constraint|requirement
      |reasoning\ step)s?\b[^.?\n]{{0,50}}\b(prompt|instruction|question|quer) | \bwritten\ by\ (an?\ )?(ai|gpt
      |chatgpt)
    """,
    re.IGNORECASE | re.VERBOSE,
)

_BY_LANGUAGE = re.compile(
    r"""
    # Vietnamese
      (^|[.!:#\n*]\s{0,4})["'*#\s]{0,4}(câu\ lệnh|lời\ nhắc|prompt|câu\ hỏi|yêu\ cầu|chỉ\ dẫn|hướng\ dẫn|đề\ bài
        |nhiệm\ vụ|truy\ vấn|lệnh|bài\ toán)\ (gốc|ban\ đầu|đã\ cho|được\ cho|cho\ sẵn|mới|đã\ (được\ )?viết\ lại
        |được\ viết\ lại|viết\ lại|sau\ khi\ [^:\n]{1,20}|đã\ (được\ )?(sửa|tạo|nâng\ cấp|chỉnh\ sửa|cải\ tiến)|
        (của\ )?người\ dùng|phức\ tạp\ hơn|được\ tạo|số\ \d+|\d+)["'*#\s]{0,4}(\([^)\n]{0,20}\)\s?)?:
    | (^|\n)["'*#\s]{0,4}(câu\ lệnh|lời\ nhắc|prompt|chỉ\ dẫn|truy\ vấn|hướng\ dẫn|yêu\ cầu|lệnh|đầu\ vào|đầu\ ra
      |người\ dùng|trợ\ lý|hệ\ thống|nhiệm\ vụ|phản\ hồi|câu\ trả\ lời|mô\ tả\ nhiệm\ vụ|ngữ\ cảnh|tiêu\ chí
      |bối\ cảnh|chỉ\ thị)\ ?\d{0,3}["'*#]{0,4}\s?:
    | (đây\ là|dưới\ đây\ là|sau\ đây\ là|kết\ quả\ là)\ (\S{1,12}\ ){0,5}?(câu\ lệnh|lời\ nhắc|prompt|câu\ hỏi
      |yêu\ cầu|chỉ\ dẫn|phiên\ bản|truy\ vấn|hướng\ dẫn|lệnh|bản|nhiệm\ vụ|chỉ\ thị|đề\ bài)[^.?\n:]{0,30}?
      (viết\ lại|phức\ tạp\ hơn|khó\ hơn|mới|được\ tạo|đã\ tạo|nâng\ cấp|cải\ tiến|chỉnh\ sửa|mở\ rộng|người\ dùng
      |mô\ tả\ (một\ )?(nhiệm|tác))
    | (tôi|mình)\ đã\ (viết\ lại|thêm|tạo|nâng|tăng|sửa|biến)[^.?\n]{0,40}(câu\ lệnh|lời\ nhắc|prompt|câu\ hỏi
      |chỉ\ dẫn|truy\ vấn|ràng\ buộc|độ\ (khó|phức)|yêu\ cầu)
    | (viết\ lại|biến|chuyển|sửa)\ (\S{1,12}\ ){0,3}?(câu\ lệnh|lời\ nhắc|prompt|chỉ\ dẫn|câu\ hỏi|truy\ vấn
      |yêu\ cầu|hướng\ dẫn|chỉ\ thị|nhiệm\ vụ|đề\ bài)[^.?\n]{0,40}(phức\ tạp\ hơn|khó\ hơn|phiên\ bản|đã\ cho)
    | nhiệm\ vụ\ của\ (bạn|tôi)\ là\ (\S{1,12}\ )?(viết|tạo|viết\ lại|sinh|đưa\ ra|xây\ dựng|nghĩ
      |đặt)\ [^.?\n]{0,50}(câu\ lệnh|lời\ nhắc|prompt|chỉ\ dẫn|truy\ vấn|chỉ\ thị|hướng\ dẫn|yêu\ cầu\ (mới
      |của\ người)|câu\ hỏi\ (mới|của\ người))
    | (câu\ lệnh|lời\ nhắc|prompt|chỉ\ dẫn|truy\ vấn|chỉ\ thị)\ (đã\ cho|được\ cho|gốc|đã\ được\ viết\ lại
      |được\ viết\ lại|đã\ viết\ lại|ban\ đầu)\b | người\ (viết\ lại|tạo|soạn)\ (câu\ lệnh|lời\ nhắc|prompt)
    | bạn\ là\ (một\ )?(trợ\ lý\ (ai|ảo|thông\ minh|hữu\ ích)|mô\ hình\ ngôn\ ngữ|chatbot|ai\b)
      | truy\ vấn\ (của\ )?người\ dùng[^.\n]{0,40}(ứng\ dụng|ai|mô\ tả)
      | ứng\ dụng\ ai\ | mô\ tả\ nhiệm\ vụ[^.\n]{0,40}(truy\ vấn|tiêu\ chí|sau|trên) | thêm\ (một|1)\ ràng\ buộc
    | (tạo|viết|sinh|đưa)\ (ra\ )?(\d+|một|các|những|mười|năm)\ (\S{1,12}\ ){0,2}?(câu\ lệnh|chỉ\ dẫn|truy\ vấn
      |prompt|lời\ nhắc|hướng\ dẫn|chỉ\ thị)\b[^.?\n]{0,50}(đa\ dạng|người\ dùng|mô\ hình|ai\b|khác\ nhau|tương\ tự
      |mới) | phiên\ bản\ (phức\ tạp|khó)\ hơn\ của\ (câu|lời|prompt|chỉ|yêu|truy|lệnh|đề)
    # Chinese
    | [#＃*【\[「]{0,3}\s?((原始|原|给定|给出|已给|所给|新|改写|重写|改写后|重写后|改编后|创建|生成|进化后|优化后
      |修改后|更复杂|复杂化后|最终|升级后|改进后|改写过|扩展后|用户|种子|输入|演化后|提供)的?){1,3}(提示词?|指令
      |问题|题目|任务|查询|请求|要求|提问|版本|命令|prompt)\d{0,2}\s?[#＃*】\]」]{0,3}\s?[:：]
    | (^|\n)[#＃*【\[\s]{0,4}(指令|提示词?|任务描述|任务|用户查询|查询|用户指令|系统提示|系统|用户|助手|回复|响应
      |输出|输入|上下文|标准|要求|人类|模型|回答|用户问题|示例|背景)\s?\d{0,2}[*】\]]{0,3}\s?[:：]
    | (以下|下面|这|这里|如下)(就)?(是|为|列出)?[^。？\n:：]{0,12}?(改写|重写|改编|更复杂|更难|更具挑战|新生成|生成
      |进化|升级|优化|修改|新|描述(了)?(一[项个])?任务|扩展|加强)(后|过|好|出|版)?(的)?[^。？\n:：]{0,6}?(提示|指令
      |问题|版本|任务|查询|题目|请求|prompt)
    | 我(已经|已|将|把)[^。？\n]{0,20}(改写|重写|改编|增加|添加|生成|修改|升级|提高|加入)[^。？\n]{0,14}(提示|指令
      |问题|约束|限制|查询|难度|复杂|要求) | 描述(了)?一[项个]任务(的)?(指令|说明)
    | (改写|重写|改编|变成|改成|转换|改造|升级)[^。？\n]{0,14}(提示|指令|问题|查询|题目|prompt)[^。？\n]{0,16}
      (更复杂|更难|复杂版|复杂的|更具|难度) | 将(给定|原始|上述|以下|这[个条])[^。？\n]{0,6}(提示|指令|问题|查询
      |prompt)[^。\n]{0,8}(改|重|变|转)
    | 你的(任务|目标|工作|职责)是[^。？\n]{0,20}(改写|重写|创建|创作|生成|编写|撰写|设计|提出|构造
      |写)[^。？\n]{0,20}(提示|指令|查询|prompt|新(的)?(问题|任务)|用户(问题|请求))
    | (给定|原始|改写后|重写后|所给|改写的|重写的)的?(提示词?|指令|prompt|查询) | (提示|指令|prompt)(词)?(改写|重写
      |生成|创作|创建)(器|者|员|专家) | 你是(一[个名位款])?[^。，,\n]{0,8}(ai助手|人工智能助手|智能助手|语言模型
      |虚拟助手|聊天机器人|ai\b|ai模型|有用的助手|助手)
    | 用户(查询|提问|指令)[^。\n]{0,20}(应用|ai|任务|标准|生成|多样) | ai(应用|助手|模型)[^。？\n]{0,14}(查询|指令
      |提问|用户会|用户可能) | 任务描述[^。\n]{0,16}(查询|标准|如下|中|生成|以上|上述) | 生成\s?(\d+
      |[一二三五十几多])\s?[个条道][^。？\n]{0,12}(指令|提示|查询|prompt) | 更复杂的版本 | 增加(一个|一项|更多)?
      (约束|限制|推理步骤)[^。\n]{0,12}(提示|指令|问题) | 字数增加
    # Japanese
    | [#＃*【「\[]{0,3}\s?(書き(直|換|替)(え|し)?(た|された|られた)?|与えられた|元の|新しい|作成(された|した)|生成
      (された
      |した)|改善(された|した)|改良(された|した)|より複雑な|リライト(された|した|後の)?|最終(的な)?|進化(した|後の)?
      |変更後の|ユーザーの?|修正(後の|された|した)|シード)(プロンプト|指示文?|質問|命令|問題|クエリ|タスク|依頼
      |バージョン)\d{0,2}\s?[#＃*】」\]]{0,3}\s?(は次のとおりです)?[:：]
    | (^|\n)[#＃*【\[\s]{0,4}(指示文?|プロンプト|タスクの?説明|タスク|ユーザークエリ|クエリ|命令|ユーザー
      |アシスタント|システム|応答|回答|出力|入力|文脈|コンテキスト|基準|条件|人間
      |モデル)\s?\d{0,2}[*】\]]{0,3}\s?[:：]
    | (以下|こちら|次|これ)(は|が|に)?[^。？\n:：]{0,20}?(書き(直|換|替)|リライト|より複雑|より難し|新しい|生成(した
      |された)|作成(した|された)|進化|改良|改善|修正|変更|タスクを説明|拡張|発展)[^。？\n:：]{0,8}?(プロンプト|指示
      |質問|バージョン|命令|クエリ|タスク|問題|版)
    | (プロンプト|指示文?|質問|命令|クエリ|元の問い)を?[^。？\n]{0,16}(より複雑|難し|高度)[^。？\n]{0,12}(書き
      |バージョン|変|し|もの) | (プロンプト|指示文?|クエリ|命令文?)を?(書き(直|換|替)|リライト|生成
      |作成)[^。？\n]{0,8}(しました|ました|してください|すること|こと(です|が)|する(役|専門)) | 難易度を[^。\n]{0,8}
      (上げ|高め)
    | (与えられた|元の|書き(直|換|替)(え|し)?(た|された)|リライト(した|された)|生成された)(プロンプト|指示文?|クエリ
      |命令) | (プロンプト|指示)(ライター|リライター|作成者|の?書き(直|換|替)し?(担当|役)|クリエイター|生成器)
    | あなたは[^。\n]{0,40}?(aiアシスタント|アシスタント|言語モデル|チャットボット|ai)(です|として) | あなたの
      (タスク|目的|目標|仕事|役割|任務)は[^。？\n]{0,40}(プロンプト|指示文?|クエリ|新しい(質問|タスク|問題)
      |ユーザーの(質問|依頼))[^。\n]{0,20}(作|生成|書|考)
    | (ユーザー(の)?クエリ|ユーザーからの(質問|指示))[^。\n]{0,20}(アプリ|ai|タスク|基準|生成) | aiアプリ
      | タスクの?説明[^。\n]{0,16}(クエリ|基準|次|上記|以下) | (制約|条件|推論ステップ)を(もう)?(一つ|1つ|ひとつ)
      (追加|加え)[^。\n]{0,16}(ました|プロンプト|指示|質問) | (\d+|いくつか)(個|件)?の[^。？\n]{0,10}(指示文?
      |プロンプト|クエリ)を[^。？\n]{0,6}(生成|作成|考え) | 複雑なバージョン
    # Korean
    | [#*【「\[]{0,3}\s?(재작성(된|한)?|다시\ ?(쓴|작성(된|한)|쓰인)|주어진|원래(의)?|원본|새로운|새|생성된|작성된
      |수정(된|한)|개선(된|한)|더\ 복잡한|최종|진화(된|한)|변형(된|한)?|사용자|시드|고친|바꾼|발전된
      |업그레이드된)\s?(프롬프트|지시문?|지시\ ?사항|질문|명령(문|어)?|쿼리|요청|과제|문제|버전|질의
      |작업)\s?\d{0,2}\s?[#*】」\]]{0,3}\s?(은|는)?\s?[:：]
    | (^|\n)[#*【\[\s]{0,4}(지시문?|지시\ ?사항|프롬프트|작업\ ?설명|작업|사용자\ ?(질의|쿼리|질문|입력)|쿼리|명령
      (문|어)?|사용자|어시스턴트|시스템|응답|답변|출력|입력|맥락|문맥|기준|컨텍스트|인간|모델|과제|질의
      |과제\ ?설명)\s?\d{0,2}[*】\]]{0,3}\s?[:：]
    | (다음은|여기|아래는|이것은|아래|다음이)[^.?\n:：]{0,24}?(재작성|다시\ ?(쓴|작성)|더\ (복잡|어려)|새로운|생성
      (된|한)|작성(된|한)|개선|수정|변형|진화|발전|작업을\ 설명|과제를\ 설명|고쳐\ ?쓴|바꾼|확장)[^.?\n:：]{0,12}?
      (프롬프트|지시|질문|버전|명령|쿼리|과제|문제|질의|요청)
    | (프롬프트|지시문|질문|명령문?|쿼리|지시\ ?사항|질의)(을|를)?[^.?\n]{0,16}(더\ (복잡|어렵|어려|까다)
      |난이도)[^.?\n]{0,16}(버전|작성|바꾸|만들|쓰|고치|변환|바꿔|고쳐|했|높|형태) | (프롬프트|지시문|쿼리|명령문
      |질의)(을|를)\ ?(재작성|다시\ (쓰|작성|써)|생성|작성)[^.?\n]{0,8}(했|하십|하세|해\ ?주|하는|하시)
      | 난이도를\ (높|올)
    | (주어진|원래|원본|재작성된|재작성한|다시\ (작성된|쓴))\s?(프롬프트|지시문?|쿼리|명령문?|지시\ ?사항|질의) |
      (프롬프트|지시문?)\s?(작성자|재작성자|생성기|라이터|창작자|재작성기|제작자) | 당신은[^.,\n]{0,20}?(ai\ ?
      (어시스턴트|비서|도우미|모델)|인공지능\ ?(비서|어시스턴트|도우미)?|언어\ ?모델|챗봇|어시스턴트
      |도움이\ 되는\ (비서|도우미))(입니다|이다|로서|이며)
    | (당신|귀하|너)의\ (임무|과제|목표|역할|작업|일|목적)(은|는)[^.?\n]{0,40}(프롬프트|지시문|쿼리|명령문|질의
      |새로운\ (질문|과제|문제|작업)|사용자\ (질문|요청)|지시\ ?사항)[^.\n]{0,24}(작성|생성|만들|쓰) |
      (사용자\ (쿼리|질의))[^.\n]{0,24}(앱|애플리케이션|ai|작업|기준|생성|다양) | ai\ ?(애플리케이션|응용)
    | (작업|과제)\ ?설명[^.\n]{0,16}(쿼리|질의|기준|다음|위의|아래) | (제약|조건|요구\ ?사항|추론\ 단계)(을|를)?\ ?
      (하나|한\ 가지)?\ ?(더\ )?(추가|덧붙)[^.\n]{0,16}(했습|프롬프트|지시|질문) | (\d+\s?개|다양한
      |여러)[^.?\n]{0,12}(지시문|프롬프트|쿼리|명령문|질의)(을|를)?\ ?[^.?\n]{0,8}(생성|작성|만들) | 복잡한\ 버전
    """,
    re.IGNORECASE | re.VERBOSE,
)


_MARKS = re.compile(
    r"\#{3,6}\s{0,3}(instruction|response|input)\b|\#\s?(the\ )?(given|rewritten|created)\ prompt|prompt\#",
    re.IGNORECASE,
)
# Who asks for questions or other wordings gets an answer that speaks of them.
_ASKED = re.compile(
    r"\b(questions?|prompts?|instructions?|tasks?|quer(y|ies)|rewrite|rephrase|reword|version|variations?|quiz"
    r"|câu hỏi|câu lệnh|viết lại|yêu cầu)\b"
    r"|问题|提示|指令|改写|重写|質問|プロンプト|指示|書き|질문|프롬프트|지시|다시 ?쓰",
    re.IGNORECASE,
)


def leaks(text: str, answers: str | None = None) -> bool:
    """Whether words of the prompt that made it, or tokens of a chat template, stand in a text.

    Args:
        text: an instruction, or a response.
        answers: the instruction, if the text is a response to one. What is said to a writer of questions is no leak in
            a response, nor are questions and prompts if they were asked for.
    """
    low = lowered(text)
    ends = low if len(low) <= _START + _END else f"{low[:_START]} {low[-_END:]}"
    if _TOKENS.search(low) or _MARKS.search(ends):
        return True
    if answers is not None and has_gaps(text[: _START + _END], answers[:_START]):
        return True
    if answers is None and (said_to_a_writer(ends) or holds_fields(text[:_START])):
        return True
    if answers is not None and _ASKED.search(answers[:_START]):
        return False
    return any(pattern.search(ends) for pattern in (_ENGLISH, _BY_LANGUAGE))
