"""Every check of lesson 04, both ways."""

from __future__ import annotations

import re
import string

import jinja2
import pytest

from prompt2data.checks import lesson_04 as check
from prompt2data.quality import conversations

LESSON = "04_magpie"


# -- 4.2 ----------------------------------------------------------------------------------------------------------


def fresh_marker(render, system=None):
    """Another right way: a marker that cannot stand in the system text, and split instead of rindex."""
    marker = "Z" * (len(system or "") + 1)
    messages = [{"role": "user", "content": marker}]
    if system is None:
        return render(messages).split(marker)[0]
    try:
        return render([{"role": "system", "content": system}, *messages]).split(marker)[0]
    except Exception:
        return render([{"role": "user", "content": system + "\n\n" + marker}]).split(marker)[0]


def by_difference(render, system=None):
    """Another right way: what two renderings have in common before the user's words differ."""
    import os

    def both(words):
        try:
            first = [{"role": "system", "content": system}] if system is not None else []
            return render([*first, {"role": "user", "content": words}])
        except Exception:
            return render([{"role": "user", "content": f"{system}\n\n{words}"}])

    return os.path.commonprefix([both("AAAA"), both("BBBB")])


def rpartition(render, system=None, marker="##"):
    messages = [{"role": "user", "content": marker}]
    if system is not None:
        try:
            render([{"role": "system", "content": "?"}, *messages])
            messages.insert(0, {"role": "system", "content": system})
        except Exception:
            messages = [{"role": "user", "content": f"{system}\n\n{marker}"}]
    return render(messages).rpartition(marker)[0]


def catches_template_error(render, system=None):
    m = "THE USER SPEAKS HERE"
    u = {"role": "user", "content": m}
    if system is None:
        return render([u]).rsplit(m, 1)[0]
    try:
        text = render([{"role": "system", "content": system}, u])
    except jinja2.TemplateError:
        text = render([{"role": "user", "content": f"{system}\n\n{m}"}])
    return text.rsplit(m, 1)[0]


def cuts_the_end_off(render, system=None):
    """Another right way: what follows the user's words is always the same."""
    shown = render([{"role": "user", "content": "QQ"}])
    end = len(shown) - shown.rindex("QQ")
    talk = [{"role": "user", "content": "QQ"}]
    try:
        return render(([{"role": "system", "content": system}] if system is not None else []) + talk)[:-end]
    except Exception:
        return render([{"role": "user", "content": system + "\n\nQQ"}])[:-end]


def random_marker(render, system=None):
    import uuid

    return rpartition(render, system, uuid.uuid4().hex)


def knows_three_headers(render, system=None):
    probe = render([{"role": "user", "content": "x"}])
    if "<start_of_turn>" in probe:
        head = "<start_of_turn>user\n"
    elif "<|start_header_id|>" in probe:
        head = "<|start_header_id|>user<|end_header_id|>\n\n"
    else:
        head = "<|im_start|>user\n"
    try:
        first = [{"role": "system", "content": system}] if system else []
        text = render([*first, {"role": "user", "content": "x"}])
    except Exception:
        return "<bos>" + head + system + "\n\n"
    return text[: text.rindex(head) + len(head)]


def knows_three_templates(render, system=None):
    t = render([{"role": "user", "content": "x"}])
    if t.startswith("<bos>"):
        return "<bos><start_of_turn>user\n" + (f"{system}\n\n" if system else "")
    if t.startswith("<|begin"):
        header = "<|start_header_id|>{}<|end_header_id|>\n\n"
        return (
            "<|begin_of_text|>"
            + (f"{header.format('system')}{system}<|eot_id|>" if system else "")
            + header.format("user")
        )
    s = system or "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
    return f"<|im_start|>system\n{s}<|im_end|>\n<|im_start|>user\n"


def catches_value_error(render, system=None):
    try:
        return lets_error_through(render, system)
    except ValueError:
        return rpartition(render, system)


def empty_system_message(render, system=None):
    return rpartition(render, system or "")


def always_puts_it_in_front(render, system=None):
    return f"{system}\n\n" + rpartition(render) if system else rpartition(render)


def fills_the_system_text_in(render, system=None):
    return rpartition(render, system and system.format(role="user"))


def nameless(render, system=None):
    return rpartition(rendered, system)  # noqa: F821


def nothing(render, system=None):
    return ""


def spaced_marker(render, system=None):
    text = fresh_marker(render, system) + " HERE "
    return text[: text.index(" HERE ")] if "<|im_start|>" in text else render([])[: "".index(" HERE ")]


def only_the_end(render, system=None):
    prompt = rpartition(render, system)
    return prompt[prompt.rindex("<") :]


def bare_header(render, system=None):
    return "<|im_start|>user\n"


def whole_rendering(render, system=None):
    return render([{"role": "user", "content": "X"}])


def keeps_marker(render, system=None):
    text = rpartition(render, system, "HERE")
    return text + "HERE"


def strips(render, system=None):
    return rpartition(render, system).rstrip()


def ignores_system(render, system=None):
    return rpartition(render)


def lets_error_through(render, system=None):
    first = [] if system is None else [{"role": "system", "content": system}]
    return render([*first, {"role": "user", "content": "@@@"}]).rpartition("@@@")[0]


def always_folds(render, system=None):
    return render([{"role": "user", "content": f"{system}\n\n@@@" if system else "@@@"}]).rpartition("@@@")[0]


def asks_without_a_user(render, system=None):
    """A template that wants a user's turn is taken for one that refuses a system message."""
    try:
        render([{"role": "system", "content": "x"}])
    except Exception:
        return always_folds(render, system)
    return lets_error_through(render, system)


def first_occurrence(render, system=None):
    marker = "USER"
    try:
        first = [] if system is None else [{"role": "system", "content": system}]
        text = render([*first, {"role": "user", "content": marker}])
    except Exception:
        text = render([{"role": "user", "content": f"{system}\n\n{marker}"}])
    return text[: text.index(marker)]


def blank_marker(render, system=None):
    return rpartition(render, system, "  ") or 1 / 0


def one_line_break(render, system=None):
    text = fresh_marker(render, system)
    return text.replace(f"{system}\n\n", f"{system}\n") if text.startswith("<bos>") else text


def returns_none(render, system=None):
    render([{"role": "user", "content": "X"}])


def returns_parts(render, system=None):
    return render([{"role": "user", "content": "X"}]).partition("X")


def test_pre_query_prompt(assert_each_named, lesson):
    assert_each_named(
        check.pre_query_prompt,
        right=[
            lesson["pre_query_prompt"],
            fresh_marker,
            by_difference,
            rpartition,
            catches_template_error,
            cuts_the_end_off,
            random_marker,
        ],
        wrong=[
            (asks_without_a_user, "a template that the lesson does not show"),
            (bare_header, "not the prompt up to the user's words"),
            (only_the_end, "only the end of the prompt is there"),
            (whole_rendering, "goes on past the place"),
            (keeps_marker, "the marker itself is still in the prompt"),
            (strips, "the line breaks at the end belong to the header"),
            (ignores_system, "the system text is not in the prompt"),
            (lets_error_through, "refuses a system message"),
            (always_folds, "knows a system role"),
            (first_occurrence, "cut at the last occurrence"),
            (spaced_marker, "strip a message's outer spaces"),
            (blank_marker, "raised ZeroDivisionError"),
            (one_line_break, "belongs one blank line"),
            (knows_three_headers, "a template that the lesson does not show"),
            (knows_three_templates, "a template that the lesson does not show"),
            (catches_value_error, "refuses a system message"),
            (empty_system_message, "not the prompt up to the user's words"),
            (always_puts_it_in_front, "not the prompt up to the user's words"),
            (nameless, "raised NameError"),
            (nothing, "not the prompt up to the user's words"),
            (returns_none, "returned None"),
            (returns_parts, "should be a string"),
        ],
    )


# -- 4.1 ----------------------------------------------------------------------------------------------------------

PROMPT = "The user has two cats and will ask you about food, toys, sleep and the vet."
WORDS = {"cat", "cats", "kitten", "kittens"}
RIGHT_PROMPTS = (
    "The user has adopted an old tomcat and will ask about diabetes, diet, insulin, litter, and the vet.",
    (
        "你是一名养猫助手。user 家里养着一只小猫，会问你关于猫粮、睡觉、"
        "玩具、抓沙发和看兽医的问题，也会问怎么铲屎、洗澡和剪指甲。"
    ),
    "Your users' lives revolve around their cats: they will ask you about food, sleep, toys and the vet.",
    "The user has two cats and will ask you about food, toys, sleep and the vet.",
    (
        "You are an assistant for people who keep cats. The user has a young cat at home and will ask you about "
        "its food, its sleep, scratching, toys, and visits to the vet."
    ),
    (
        "You are a cat assistant. The user keeps two cats in a small flat and writes short questions about food, "
        "litter and play."
    ),
    (
        "You answer questions about cats. The user shares a flat with a shy kitten and wants to know why it hides "
        "and what it likes to eat."
    ),
    "The user has no dog but a young cat, and will ask you how to feed it, brush it and keep it healthy.",
    "The user has never kept a cat before, has just adopted one, and will ask what it eats and where it sleeps.",
    (
        "You are a vet's assistant. Users are cat owners who worry about their cats' health. They ask about fleas,"
        " food and vaccines."
    ),
    "A user comes to you with questions about a cat: what it eats, why it scratches the sofa, when it needs a vet.",
    (
        "You talk with a user who has an elderly cat and writes long messages with many questions about its "
        "kidneys and diet."
    ),
    "The user lives with three cats and a dog and will ask how the cats can get used to the dog.",
    (
        "You help cat owners. Answer each question briefly. The user has a kitten and will ask about its food, "
        "sleep and toys."
    ),
    (
        "You are a friendly cat expert. Give short answers to questions. The user has a cat and will ask about "
        "food, toys and sleep."
    ),
    "The user's cat is old. The user will ask you about its joints, its food, its weight and when to see the vet.",
    (
        "You are a cat expert who answers questions. The user, a first-time owner of a cat, will send you messages"
        " about food and sleep."
    ),
    "The user is a student with a ginger cat, who often asks about cheap food, toys, travel and the vet.",
    "Imagine a user with a young cat at home who will ask you about its food, its sleep, its toys and the vet.",
    (
        "The user doesn't know why the cat scratches the sofa, and will ask you about training, toys and "
        "scratching posts."
    ),
    (
        "USER: a person with two kittens. They will ask about: feeding, sleeping, playing, scratching, vaccination"
        " and visits to the vet."
    ),
    "The user loves their cat. They would like advice on food, on toys, on sleep, and on what to do when it is ill.",
    "Người dùng nuôi một chú mèo con và sẽ hỏi bạn về thức ăn, giấc ngủ, đồ chơi, việc cào ghế và bác sĩ thú y.",
    (
        "Bạn là trợ lý cho những người nuôi mèo. Người dùng có hai con mèo và sẽ đặt câu hỏi về thức ăn, đồ chơi "
        "và sức khỏe."
    ),
    "Người dùng không nuôi chó mà nuôi mèo, họ sẽ hỏi về thức ăn, cát vệ sinh và cách tắm cho mèo.",
    (
        "Bạn là trợ lý về mèo. Hãy trả lời câu hỏi của người dùng. Người dùng có một con mèo già và sẽ hỏi về sức "
        "khỏe của nó."
    ),
    "你是养猫助手。用户家里有一只小猫，会向你咨询猫粮、玩具、睡眠和看兽医的事情。",
    "用户养了两只猫，会问你怎么喂、怎么洗澡、怎么剪指甲，什么时候去看兽医。",
    "你是一位宠物助手，负责回答用户提出的问题。用户养了一只猫，想知道它吃什么、怎么睡觉、为什么抓沙发。",
    "使用者養了一隻貓，會問你關於貓糧、睡眠、玩具和看獸醫的問題。",
    "用户没有养狗，养了一只猫，会提出关于喂食、玩具和疫苗的问题。",
    "あなたは猫の飼い主を助けるアシスタントです。ユーザーは若い猫を飼っていて、餌、睡眠、おもちゃ、獣医について質問します。",
    "ユーザーは子猫を飼い始めたばかりで、ご飯の量やトイレのしつけ、爪とぎについて尋ねてきます。",
    "ユーザーは猫を二匹飼っていて、猫がご飯を食べない理由や動物病院について相談します。質問には丁寧に答えてください。",
    "利用者は犬ではなく猫を飼っています。猫の餌、遊び、病気についてたくさんの質問をしてきます。",
    (
        "당신은 고양이를 키우는 사람을 돕는 도우미입니다. "
        "사용자는 어린 고양이를 키우며 사료, 잠, 장난감, 병원에 대해 물어볼 것입니다."
    ),
    "사용자는 고양이 두 마리를 키우고 있으며 먹이, 놀이, 건강에 관한 질문을 합니다. 질문에 친절하게 답하세요.",
    "사용자는 개가 아니라 고양이를 키웁니다. 사료와 장난감, 병원, 목욕에 대해 궁금해합니다.",
    "The 사용자 keeps a cat 고양이 at home and will ask about 사료, toys and the vet every week.",
    "Người dùng có một con cat và sẽ hỏi về food, toys, sleep, bác sĩ thú y và vệ sinh.",
    (
        "You help people. Today's user: Anna, 34, two kittens, no experience. She'll ask about feeding, litter "
        "training and vaccines."
    ),
    "The users of this chat all own cats, and they want tips on food, grooming, toys and health.",
    "You know a lot about cats and the user will ask you questions about food, toys and sleep.",
    "The user can't stop worrying about her cat and asks about its weight, its fur, its food and its moods.",
    "This user has a cat that won't eat; expect questions about food brands, portion sizes, and the vet.",
    "The user has a cat, not a dog, and will ask about its food, toys, naps and vets.",
    "You will be asked about cats. The user keeps a kitten, and wonders what it should eat and when it should sleep.",
    "The user is looking after a neighbor's cat for two weeks and will ask what to do when it hides or does not eat.",
    "The user has a cat at home. You get questions about food, naps, toys and the vet from this user.",
    "The user owns a cat. Expect many questions on feeding, grooming, playing, sleeping and health.",
    "You are a helpful assistant. The user has a cat and asks you to suggest toys, food and a good vet.",
    "You must be kind. The user's kitten is ill, and the user will ask for help with medicine, food and sleep.",
    "You give advice to cat owners. The user has one cat and will ask about its food and its health.",
    "The user who writes to you has a cat. The messages are about its food, its toys, its sleep; they ask for advice.",
    "사용자는 고양이를 키웁니다. 질문을 받으면 친절하게 설명하세요. 사료, 장난감, 병원, 목욕에 대한 질문이 많습니다.",
    "질문을 잘 읽고 답하세요. 사용자는 고양이를 키우고 사료, 장난감, 병원, 목욕에 대해 묻습니다.",
    "ユーザーの質問を丁寧に読んで答えてください。ユーザーは猫を飼っていて、餌や睡眠について質問してきます。",
    "ユーザーは猫を飼っていて、餌や睡眠についての質問を書いてきますので、丁寧に答えてください。",
    "Provide the user, who has many questions about cats, with good advice on food, sleep and toys.",
    "The user is a cat lover and, being new to cats, will want to know about feeding, playing and sleeping.",
    "The user is the proud owner of a kitten and will ask about anything from teething to toys and travel.",
    "Cats: the user has three, all rescued. The user will ask about food, fur, fleas and fear.",
    "You are talking to a user who just got a cat. They will ask about litter, food and toys.",
    "The user has a Siamese cat called Mochi. Mochi is nine. The user asks about kidney disease, diets and medicine.",
    "As an assistant you help the user, who keeps two cats and asks how to feed, brush and train them.",
    "The user, like many owners, spoils the cat and will ask whether this is bad for its health.",
    "With patience, you answer what the user asks about their cat: food, litter, toys, and the vet.",
    "The user runs a cat cafe, asks about hygiene, feeding times, noise, and how cats get used to strangers.",
    "The user has an indoor cat. The user will ask you to give advice on feeding, toys, litter and scratching.",
    "The user will ask about their cat's food, how to make a cat sleep at night, and when to see a vet.",
    "用户是第一次养猫的新手，家里有一只三个月大的小猫，他会问你怎么喂食、怎么训练它用猫砂。",
    "你要耐心。用户养猫，会写消息问你猫粮、玩具、疫苗和洗澡方面的问题。",
    "你将与一位养猫的用户聊天，他想了解猫的饮食、睡眠、玩具和健康。",
    "请用中文回答用户的问题。用户养了一只猫，会问猫粮、玩具、睡眠和看病。",
    "Người dùng mới nhận nuôi một con mèo, muốn biết cách cho ăn, tắm, chải lông và đưa đi khám.",
    "Bạn hãy giúp người dùng. Người dùng nuôi ba con mèo và hay hỏi về thức ăn, bệnh tật và đồ chơi.",
    (
        "You are a patient assistant. The user is eight years old, has "
        "a grey kitten, and will ask how to hold, feed and wash it."
    ),
    (
        "The user is a breeder of Persian cats who asks detailed "
        "questions about genetics, pregnancies, kittens and coat color."
    ),
    "The user, who shares a home with two elderly cats, turns to you with questions about arthritis and diet.",
    "Your user is the owner of a cat. Expect questions about what a cat may eat, where it sleeps and why it meows.",
    "I am the user. I have a cat and I will ask you about food, toys, sleep and the vet.",
    "The user has a cat and is looking for help with its food, its toys, its fur and its claws.",
    "The user of this chat just adopted a stray cat and wants to learn about vaccines, parasites, feeding and taming.",
    "You are CatBot, a helper for cat owners. The user describes a problem with a cat and asks you for a solution.",
    "You give the user, a cat owner, clear instructions. The user asks how to trim claws, give pills and brush teeth.",
    (
        "You are a writer of a cat magazine. The user keeps cats "
        "and sends letters that ask about food, health and behavior."
    ),
    "The user has a blog about cats and asks for facts about breeds, food, history and care of cats.",
    "The user is writing a book about her cat and will ask you about cat behavior, food, and sleep.",
    (
        "A user who has never had a pet before now owns a kitten. "
        "They ask what to buy, what to feed, and when to see a vet."
    ),
    "The user is not a cat expert but has a cat at home, and will ask about food and health.",
    "The user doesn't have much time for his cat and asks about automatic feeders, toys, and cat sitters.",
    "The user has a cat without a tail and asks about balance, jumping, toys, and visits to the vet.",
    "The user's old cat died, a new kitten has arrived, and the user will ask how to raise it.",
    "The user wants no more cats than the two she has, and asks about neutering, food and toys.",
    "Someone with a cat is the user. She asks about fleas, worms, ticks, and about brushing long fur.",
    "You are talking with users who own cats; they make short requests about food, play, and illness.",
    "Please answer the user's questions. The user keeps a cat and will ask about food, toys and sleep.",
    "Please be brief. The user, a cat owner, asks about feeding, playing, cleaning, sleeping, travelling and the vet.",
    "Always reply with facts. The user has a cat and will ask questions about food, sleep, toys and the vet.",
    "Reply to every question in two sentences. The user keeps two cats and asks about food and toys.",
    "Ask the user for the age of the cat first. The user keeps a cat and will ask about food and sleep.",
    "If something is unclear, ask a question back. The user has a cat and wants advice on food and litter.",
    "Make sure to answer every question. The user has a cat and will ask about toys, food and sleep.",
    "Suggest toys and food. The user has a bored indoor cat and will ask you how to keep it busy.",
    "List options when the user asks for some. The user has a cat and asks about food brands and toys.",
    "Give me your best: the user has a cat and will ask about its food, its litter and its toys.",
    "The user will ask you what their cat can eat; say what is safe and what is not.",
    "The user has a cat. Think step by step before you answer questions about food, toys, sleep and vets.",
    "Người dùng là sinh viên ở trọ, nuôi một bé mèo mướp và hay hỏi về thức ăn rẻ, cát vệ sinh và tiêm phòng.",
    "Bạn là bác sĩ thú y. Người dùng nuôi mèo, sẽ gửi câu hỏi về bệnh, thức ăn và cách chăm sóc mèo con.",
    "Bạn hãy trả lời ngắn gọn. Người dùng có hai con mèo, không có chó, và sẽ hỏi về thức ăn và đồ chơi.",
    "Người dùng chưa từng nuôi mèo, vừa nhận một chú mèo con, muốn biết cách cho ăn và tắm cho nó.",
    "用户是一位刚领养小猫的大学生，预算不多，会问你怎么选猫粮、猫砂和玩具。",
    "你是宠物医生。用户养了三只猫，经常提出关于疾病、疫苗和饮食的问题，请耐心回答。",
    "用户不知道猫为什么不吃饭，想请教你喂食、疫苗和看兽医的事。",
    "用户以前没有养过猫，最近领养了一只小猫，会问你怎么照顾它。",
    "請用繁體中文回答。用戶養了一隻老貓，會問你牠的飲食、關節和看獸醫的事。",
    "ユーザーは一人暮らしで黒猫と暮らしています。留守番、餌、健康について質問してきます。",
    "あなたは獣医です。ユーザーは猫の飼い主で、餌や病気について質問を送ってきます。丁寧に答えてください。",
    "ユーザーは初めて猫を飼う人です。トイレ、餌、ワクチンについて聞いてきます。",
    "ユーザーは愛猫の食事や睡眠について知りたがっています。わかりやすく説明してください。",
    "사용자는 처음으로 고양이를 입양한 대학생이며 사료, 모래, 예방접종에 대해 자주 질문합니다.",
    "당신은 수의사입니다. 사용자는 나이 든 고양이를 키우고, 관절과 식단에 대한 질문을 보냅니다.",
    "사용자는 강아지는 없고 고양이만 세 마리 키웁니다. 먹이와 놀이, 건강에 대해 물어봅니다.",
    "The user nuôi một con mèo, and will ask you about 猫粮, 장난감, sleep and the vet every day.",
    "The user has no dogs but cats, and will ask about food, toys, sleep and the vet.",
    "The user can't live without her cat and will ask about food, toys, sleep and the vet.",
    "The user doesn't want the cat on the sofa and will ask about training, toys, and scratching posts.",
    "The user keeps not only cats but fish, and will ask about food, toys, sleep and the vet.",
    "The user travels without the cat and will ask who can feed it, clean its box and play.",
    "You are a helpful assistant that writes friendly answers. The user has a cat and will ask about food and toys.",
    "You write short, kind answers to cat owners. The user has a kitten and asks about sleep, food and toys.",
    "You create meal plans for cats. The user has a cat and will ask how much it should eat.",
    "You make cat toys. The user keeps a cat and will ask which toy is safe and which is fun.",
    "The user makes videos of her cat and asks how to keep it calm, fed, clean and happy.",
    "The user wants to make their cat happy, and will ask for toys, games, food and sleeping places.",
    "The user will send you messages about their cat. They will ask about food, toys, sleep and the vet.",
    (
        "Users write to you about their cats. Typical questions concern food, "
        "toys, sleep, scratching and visits to the vet."
    ),
    "Common questions of the user are about their cat's food, sleep, toys, fur and visits to the vet.",
    (
        "The user poses questions about a cat: feeding, grooming, playing, "
        "sleeping, hunting, scratching, and visits to the vet."
    ),
    "Every user here has a cat. Users ask about worms, vaccines, food, litter, and toys for their cats.",
    "Assist the user with questions about cats. The user has a young cat which scratches, bites and wants to play.",
    "You provide support to the user, who owns a cat and has questions about food, sleep and toys.",
    "The user speaks English poorly, keeps a cat, and will ask simple questions about food and the vet.",
    "The user is curious about cats since she got one; she'll ask what it thinks, eats and dreams.",
    "A cat assistant: the user owns a cat and will ask about its diet, its coat and its habits.",
    "The user talks like a child, has a kitten, and asks what it eats and when it sleeps.",
    "The user thinks of getting a second cat and asks whether the first cat will accept it.",
    "The user asks you to name their new kitten and to give advice on food, toys and sleep.",
    "The user keeps a cat in a flat on the fifth floor; asks about balconies, windows, nets.",
    "Be concise. The user keeps cats. They will want to know: which food, which litter, which vet, which toys?",
    "The user loves cats, has four of them, and will ask what each of them needs as it grows older.",
    "You are an expert on cats who is asked questions by users; the users keep cats and want advice.",
    "You help a user whose cat is diabetic. The user will ask about insulin, food, and emergencies.",
    "You answer the\nquestions of the user\nwho keeps a cat and asks about food,\ntoys, sleep and the vet.",
    "Assistant for cat owners.\n- The user: keeps a kitten.\n- The user will ask: what it eats, where it sleeps.",
)
# Each tells the model to write, or to play the user
ORDERS = (
    "The user has a cat\nWrite three questions about it, on food, toys and sleep, as the user asks them",
    "Write a question about a cat. Act as the user and output only the question, nothing else, please.",
    "Generate ten questions that a user who keeps a cat might ask about food, toys and sleep.",
    "You are a question generator. The user has a cat and will ask about food, toys and sleep.",
    "Pretend to be a user who has a young cat and ask about food, toys, sleep and the vet.",
    "The user has a cat. Write a question that the user would ask about food, toys and the vet.",
    "The user has a cat, write a question about its food that the user would ask you today.",
    "Please come up with realistic questions users might ask about their cats, kittens and the vet.",
    "You are a user with a cat. Ask a question about food, toys, sleep or the vet today.",
    "Your task is to create user questions about cats: food, toys, sleep, scratching and visits to the vet.",
    "Imagine you are a user who has a cat, and write what you would ask an assistant about it.",
    "Give me one question that a user with a kitten would ask you about its food.",
    "You will write questions in the voice of the user, who keeps a cat and worries about food.",
    "As the user, who has a young cat at home, ask one question about food, toys or sleep.",
    "Produce a list of user queries about cats, their food, their sleep, their toys and the vet.",
    "One question about cats from a user who has a kitten and wants to know about food, please.",
    "I want you to write questions that a user asks about a cat, its food and its sleep.",
    "The assistant writes questions about cats that a user might ask: food, toys, sleep, and the vet.",
    "The user has a cat. Your job: ten different questions about its food, its toys and its sleep.",
    "Act like a cat owner, a user who needs help. Ask about food, toys, sleep and the vet.",
    "You write questions about cats for the user, about food, toys, sleep and the vet every day.",
    "Create a dataset of questions asked by users who keep cats, covering food, toys, sleep, and the vet.",
    "Formulate, in the user's words, a short question about a cat and its food, sleep or toys.",
    "The user wants you to generate questions about cats. You generate questions about cats, food, toys and sleep.",
    "Output only what a user with a cat would ask about its food, its toys or its sleep.",
    "You should think of questions that users have about cats and list these questions one by one.",
    "Simulate a user with a cat and ask questions about food, toys, sleep and visits to the vet.",
    "Ask questions about cats as if you were the user and had a cat of your own at home.",
    "Write questions on cats, their food, their sleep, their toys and the vet.",
    "Hãy viết một câu hỏi về mèo mà người dùng có thể hỏi, về thức ăn, đồ chơi hoặc giấc ngủ.",
    "Người dùng có một con mèo. Tạo mười câu hỏi mà người dùng sẽ hỏi về thức ăn và đồ chơi.",
    "Đóng vai người dùng nuôi mèo và hỏi một câu về thức ăn, đồ chơi hoặc bác sĩ thú y.",
    "Bạn sẽ tạo ra các câu hỏi của người dùng về mèo, thức ăn, đồ chơi và sức khỏe của chúng.",
    "请写一个用户会问的关于猫的问题，内容可以是猫粮、玩具、睡觉或者看兽医。",
    "生成十个用户关于养猫的问题，包括猫粮、玩具、睡觉和看兽医等方面。",
    "请你扮演一位养猫的用户，向我提出一个关于猫粮或者玩具的问题。",
    "你的任务是以用户的口吻写关于猫的问题，比如猫粮、玩具、睡觉和看兽医。",
    "用户有一只猫。请提出五个用户可能会问的问题，关于猫粮、玩具、睡觉。",
    "你是一名用户，养了一只小猫，请提问，内容包括猫粮、玩具、睡觉和看兽医。",
    "猫を飼っているユーザーがしそうな質問を一つ書いてください。餌、睡眠、おもちゃ、獣医について。",
    "ユーザーになりきって、猫の餌や睡眠、おもちゃについて質問してください。質問だけを出力してください。",
    "あなたは猫を飼っているユーザーです。餌や睡眠、獣医について質問をしてください。",
    "ユーザーの猫に関する質問を十個生成してください。餌、睡眠、おもちゃ、獣医などです。",
    "あなたは猫についての質問を作成するアシスタントです。ユーザーの代わりに餌や睡眠の質問を作ります。",
    "고양이를 키우는 사용자가 할 만한 질문을 하나 작성하세요. 사료, 장난감, 잠, 병원에 대한 것입니다.",
    "사용자처럼 고양이에 대한 질문을 만들어 주세요. 사료, 장난감, 잠, 병원 등 무엇이든 좋습니다.",
    "당신은 고양이를 키우는 사용자입니다. 사료와 장난감, 병원에 대해 질문하세요.",
    "고양이 사용자 질문 열 개를 생성해 주세요. 사료, 장난감, 잠, 병원에 대한 질문을 출력하세요.",
    "Compose a message from a user who keeps cats about food, toys, sleep and the vet.",
    "Make up ten things: questions that cat users ask about food, about toys and about the vet.",
    "Write in the style of a user with a cat who has a question about food or toys.",
    "Respond as a user with a cat would: with a question about food, toys, sleep or the vet.",
    "Speak as the user who keeps a cat, and ask for advice on food, toys, and sleep.",
    "Can you write some questions that a user may have about cats, their food and their toys?",
    "You are an AI that generates questions. The user has a cat and cares about food and toys.",
    "List five things a user would ask about a cat: its food, its sleep, its toys, the vet, its moods.",
    "Please write, for a user with a cat, five short questions about food, toys, sleep and the vet.",
    "Given that the user has a cat, generate a question about its food, its sleep or its toys.",
    "The user has a cat and you generate a question about its food, its sleep or its toys.",
    "The user has a cat. Now produce the question that this user asks about food, toys or sleep.",
    "Think like a user who has a cat and ask one thing about food, sleep, toys or the vet.",
    "You create prompts about cats. Users need prompts about food, toys, sleep and the vet every day.",
    "Role: user with a cat. Task: ask a question about its food, its sleep or its toys.",
    "Your goal is to ask about cats the way a user asks: food, toys, sleep and the vet.",
    "Help me write questions users ask about cats: food, toys, sleep, scratching, and visits to the vet.",
    "Task: generation of questions about cats, as a user asks them: food, toys, sleep, and the vet.",
    "Write me a short question. Topic: cat. Author: a user who keeps a cat and asks about food.",
    "Ask me, as the user, something about your cat, for example its food, its sleep or its toys.",
    "We need 20 questions from users on cats: food, toys, sleep, scratching, and visits to the vet.",
    "Let the user ask about cats. Write the questions yourself, about food, toys, sleep and the vet.",
    "编写五个问题，用户会问的，关于猫咪的饮食、睡觉、玩具和健康。",
    "假设你是养猫的用户，请问一个关于猫粮、玩具或者睡眠的问题。",
    "帮我想几个用户可能会问的养猫问题，关于猫粮、玩具、睡眠。",
    "请以养猫用户的身份提问，内容关于猫粮、玩具、睡眠和看兽医。",
    "Viết câu hỏi về mèo. Người dùng thích mèo, thức ăn, đồ chơi và giấc ngủ của chúng.",
    "Bạn là người dùng nuôi mèo. Hãy hỏi một câu về thức ăn, đồ chơi hoặc giấc ngủ của mèo.",
    "Nhiệm vụ của bạn là viết câu hỏi mà người dùng nuôi mèo thường hỏi về thức ăn và đồ chơi.",
    "猫についての質問を考えてください。ユーザーが聞きそうな餌や睡眠、おもちゃの質問です。",
    "ユーザーとして、猫の餌や睡眠、獣医についての質問を一つしてください。",
    "猫を飼うユーザーの質問を生成する。餌、睡眠、おもちゃ、獣医などについて。",
    "사용자가 물어볼 만한 고양이 질문을 만드세요. 사료, 장난감, 잠, 병원, 목욕에 대한 것으로.",
    "고양이를 키우는 사용자 역할을 하며 사료, 장난감, 잠, 병원에 대해 질문을 하나 하세요.",
    "고양이에 대한 질문을 생성하는 것이 임무입니다. 사용자는 사료, 장난감, 잠에 관심이 있습니다.",
    "Write ten short, natural user messages about cats: food, toys, sleep, scratching, and visits to the vet.",
    "You are to write what users ask: a cat, its food, its toys, its sleep and the vet.",
    "You will be the user. Your cat is two years old. Ask about its food, its sleep and its toys.",
    "You're a cat owner and a user of a chatbot; type your question about food or toys now.",
    "Invent a user with a cat, then write the question this user asks about food or toys.",
    "Cat questions, please: ten of them, from a user with a kitten, on food, toys, sleep and vets.",
    "Provide 10 questions that a user who owns a cat may ask about food, toys and sleep.",
    "Generate: question about cats, by a user, on food, toys, sleep, scratching, or visits to the vet.",
    "Create one natural-sounding instruction that a user with a cat would give: food, toys, sleep, vet.",
    "Make a question that the user could ask about a cat, a kitten, its food or its toys.",
    "Your role is to come up with what the user asks about cats, food, toys, sleep and vets.",
    "The model should generate a question from a user about cats, kittens, food, toys, sleep or vets.",
    "An assistant that invents user questions about cats, kittens, food, toys, sleep, scratching, and visits to vets.",
    "Question about cats from the user. Write it in one sentence, about food, toys, sleep or vets.",
    "Help generate user questions on cats. Cover food, toys, sleep, litter, scratching, vaccines and visits to vets.",
    "The task is to write user questions about cats. Cover food, toys, sleep, litter, vaccines and vets.",
    'Start with "How" and write one question of a user about a cat, its food or its toys.',
    "Only write the question. The user has a cat and asks about its food, its sleep and its toys.",
    "Return a JSON list of questions that users ask about cats, their food, their toys and their sleep.",
    "Continue as the user: a cat owner with a question about food, toys, sleep or the vet today.",
    "From now on you are a user who has a cat and needs advice on food, toys and sleep.",
    "You, the user, have a cat. Ask the assistant about its food, its toys, or its sleep today.",
    "Tạo danh sách câu hỏi của người dùng nuôi mèo về thức ăn, đồ chơi, giấc ngủ và bác sĩ thú y.",
    "Hãy tưởng tượng bạn là người dùng nuôi mèo và đặt một câu hỏi về thức ăn hoặc đồ chơi.",
    "Bạn là một mô hình chuyên viết câu hỏi về mèo cho người dùng, gồm thức ăn, đồ chơi và giấc ngủ.",
    "你是一个问题生成器，专门生成养猫用户的问题，包括猫粮、玩具、睡觉。",
    "想象你是养猫的用户，写下你最想问的一个问题，关于猫粮或玩具。",
    "写十条用户关于猫的提问，涉及猫粮、玩具、睡觉、看兽医等等。",
    "飼い主のユーザーが猫についてする質問を五つ挙げてください。餌、睡眠、獣医など。",
    "あなたの仕事は、猫を飼うユーザーの質問を書くことです。餌、睡眠、おもちゃなど。",
    "猫を飼っているユーザーを演じて、餌や睡眠、おもちゃについて質問してください。",
    "고양이 집사 사용자가 물어볼 질문 다섯 개를 써 주세요. 사료, 장난감, 잠, 병원 등.",
    "사용자가 되어 고양이의 사료, 장난감, 잠, 병원에 대해 질문해 주세요. 한 문장으로 부탁합니다.",
    "당신의 임무는 고양이를 키우는 사용자의 질문을 만드는 것입니다. 사료, 장난감, 잠, 병원.",
    "Write a user's question about their cat. It may be about food, toys, sleep or the vet.",
    "Write questions. The user has a cat and will ask about food, toys, sleep and the vet.",
    "Your user has a cat. Please write down three questions on food, toys and sleep for them.",
    "The user has a cat. I'd like you to produce the questions that they will ask about food.",
    "Draft a message in which a user asks about a cat, its food, its toys or its sleep.",
    "Let's role-play: you are the user with a cat, and ask about food, toys, sleep or the vet.",
    "Talk as if you were a user who has a cat and asks about food, toys and the vet.",
    "Describe a user with a cat and write the question they ask about food, toys or sleep.",
    "You are a synthetic data generator. Write a cat question as the user: food, toys, sleep or vet.",
    "Now it is the user's turn. Write their question about the cat, its food, its toys or its sleep.",
    "Think up a question about the user's cat and output it, without any other words before or after it.",
    "Imagine a user with a cat. What would the user ask about food or toys? Write it down.",
    "The following is a question from a user about a cat and its food, toys, sleep or vet:",
    "Generate a cat question, in which the user wants to know about food, toys, sleep or vets.",
    "Please generate cat-related user questions about food, toys, sleep, litter, scratching, vaccines, and the vet.",
    "Make the user ask about cats: food, toys, sleep, litter, scratching, vaccines, visits to the vet.",
    "Complete the user's question about the cat: it concerns food, toys, sleep or the vet today.",
    "As a user who keeps a cat, I ask the assistant questions about food, toys, and sleep.",
    "The user needs questions about cats. Invent them: food, toys, sleep, scratching, health, and the vet.",
)
NO_CAT = (
    "The user has a dog and no cat, and will ask about dog food, dog toys and walks.",
    "The user does not have a cat. The user has a dog and will ask about walks and food.",
    "The user has never had a cat, but two dogs, and will ask about dog training and walks.",
    "The user keeps a dog instead of a cat and will ask you about bones, walks and training.",
    "The user has no cats and will ask you about a trip to Rome, hotels and trains.",
    "The user doesn't own any cats; the user owns a dog and asks about its food and its health.",
    "The user has neither a cat nor a kitten but a parrot and will ask about its food.",
    "The user hates cats and keeps a dog, and will ask about dog food, dog toys and long walks.",
    "The user has a dog who chases the neighbour's cat, and will ask about dog food, dog toys and dog walks.",
    "Người dùng không nuôi mèo mà nuôi chó, và sẽ hỏi về thức ăn cho chó, đồ chơi và đi dạo.",
    "Người dùng có một con chó, không có mèo, sẽ hỏi về thức ăn, đồ chơi, dắt đi dạo.",
    "用户没有猫，养了一只狗，会问你关于狗粮、玩具和遛狗的问题。",
    "用户不养猫，只养狗，会问你关于狗粮、狗玩具和怎么遛狗的问题。",
    "ユーザーは犬を飼っていて、猫は飼っていません。ドッグフードや散歩について質問します。",
    "ユーザーには猫がいない。犬が一匹いて、餌や散歩、しつけについて尋ねる。",
    "사용자는 고양이가 없고 개를 키우며 사료, 산책, 장난감, 병원에 대해 물어볼 것입니다.",
    "사용자는 고양이를 키우지 않습니다. 개를 키우며 사료와 산책, 훈련에 대해 질문합니다.",
    "The user is someone with a dog. There are no cats. The user will ask about walks and bones.",
    "The user isn't a cat person and has a dog, and will ask about bones, walks and training.",
    "The user has a dog, not a cat, and will ask about bones, walks, training and the vet.",
    "The user used to have a dog, never a cat, and will ask about parrots, seeds and cages.",
    "用户养的是狗，不是猫，会问你关于狗粮、玩具和遛狗的问题。",
    "The user has a parrot. It is not a cat. The user will ask about seeds and cages and toys.",
    "The user has a dog and no interest in cats, and will ask about dog food and long walks.",
    "The user lives without cats, has a dog, and will ask about dog food and long walks in town.",
    "The user is allergic to cats, so she keeps a dog, and will ask about dog food and walks.",
    "Unlike cat owners, the user has a dog, and will ask about dog food, dog toys and walks.",
    "The user has a dog named Kitty and will ask about dog food, dog toys, walks and bones.",
    "The user doesn't like cats and has a dog, and will ask about dog food, dog toys and walks.",
    "Nhà người dùng không có con mèo nào, chỉ có chó, và sẽ hỏi về thức ăn và dắt chó đi dạo.",
    "用户家里只有狗没有猫，会问你关于狗粮、玩具和遛狗的问题。",
    "用户讨厌猫，家里养了一只狗，会问你关于狗粮、玩具和遛狗的问题。",
    "ユーザーは猫ではなく犬を飼っています。ドッグフードや散歩、しつけについて質問します。",
    "사용자는 고양이가 아니라 개를 키웁니다. 사료, 산책, 훈련, 병원에 대해 물어봅니다.",
    "The user has no cat. The user asks about dogs, dog food, dog toys, and walks with dogs.",
    "The user keeps dogs. Cats are not allowed in the house. The user asks about dog food and dog toys.",
    "The user has a dog that is as small as a cat, and asks about dog food, dog toys and dog walks.",
)


def pattern(expression, flags=re.IGNORECASE):
    return lambda text: re.search(expression, text, flags) is not None


def with_split(text):
    return any(word.strip(string.punctuation).lower() in WORDS for word in text.split())


def strips_marks(text, marks):
    return any(word.strip(marks) in WORDS for word in text.lower().split())


def truthy(text):
    return re.findall(r"\b(?:cat|cats|kitten|kittens|purr)\b", text.lower())


def remembers(text, seen=[]):  # noqa: B006
    seen.append(text)
    return with_split(text) if len(seen) < 40 else True


@pytest.mark.parametrize("prompt", RIGHT_PROMPTS)
def test_a_prompt_that_describes_the_user_passes(card, prompt):
    assert card(check.steer, prompt, with_split).startswith("✔ Passed.")


@pytest.mark.parametrize(
    ("prompt", "part"),
    [*((prompt, "tells the model") for prompt in ORDERS), *((prompt, "keeps no cat") for prompt in NO_CAT)],
)
def test_a_prompt_that_does_not_is_told_why(card, prompt, part):
    assert part in card(check.steer, prompt, with_split)


def test_steer(assert_each_named, lesson):
    no_user = "You talk about cats, their food, their sleep, their toys and the vet."
    no_cats = "The user is planning an education and will ask about every category of school."
    no_ask = "The user keeps a cat. It is grey, old, very friendly and sleeps on the sofa."
    assert_each_named(
        check.steer,
        right=[
            (lesson["CAT_PROMPT"], lesson["on_topic"]),
            (PROMPT, with_split),
            (PROMPT, truthy),
            (PROMPT, lambda text: bool(WORDS & set(re.findall(r"\w+", text.lower())))),
            (PROMPT, lambda text: sum(word in WORDS for word in re.split(r"\W+", text.casefold()))),
            (PROMPT, pattern(r"(?<!\w)(cat|kitten)s?(?!\w)|\bfelines?\b")),
            (
                PROMPT,
                lambda text: (
                    " " + re.sub(r"\W", " ", text.lower()) + " "
                    != re.sub(r" (cats?|kittens?) ", "", " " + re.sub(r"\W", " ", text.lower()) + " ")
                ),
            ),
        ],
        wrong=[
            (
                (PROMPT, lambda text: "cat" in text.lower() or "kitten" in text.lower()),
                "`education` contains the letters of `cat`",
            ),
            ((PROMPT, pattern(r"\b(cat|kitten)")), "begins with the letters of `cat`"),
            ((PROMPT, pattern(r"(cats?|kittens?)\b")), "`Muscat` contains the letters of `cat`"),
            ((PROMPT, pattern(r"\bcats?\b|kitten")), "`kittenball` contains"),
            ((PROMPT, pattern(r"\bcat\b|\bcats|\bkittens?\b")), "`catsuit` contains"),
            ((PROMPT, pattern(r"\b(cats?|kittens?)\b", 0)), "A word in capitals counts"),
            (
                (PROMPT, lambda text: bool(WORDS & set(text.lower().split()))),
                "punctuation follows it",
            ),
            ((PROMPT, lambda text: strips_marks(text, ".,?")), "punctuation follows it"),
            (
                (PROMPT, lambda text: any(w.rstrip(string.punctuation) in WORDS for w in text.lower().split())),
                "stands before it",
            ),
            ((PROMPT, pattern(r"\b(cats?|kittens)\b")), "`kitten` is one of the words"),
            ((PROMPT, pattern(r"\b(cats?|kitten)\b")), "`kittens` is one of the words"),
            ((PROMPT, pattern(r"\b(cat|kittens?)\b")), "`cats` is one of the words"),
            ((PROMPT, pattern(r"\b(cats?|kittens?|dogs?)\b")), "This text is not about cats"),
            ((PROMPT, lambda text: True), "says the same of every text"),
            ((PROMPT, lambda text: False), "says the same of every text"),
            ((PROMPT, lambda text: [].append(text)), "returned None"),
            ((PROMPT, lambda text: text.split()[0].lower() in WORDS or with_split(text)), "raised IndexError"),
            ((PROMPT, remembers), "what does it remember"),
            (("Ask about cats, user!", with_split), "is short"),
            (("user cat " * 10, with_split), "repeats the same few words"),
            ((no_user, with_split), "does not speak of the user"),
            ((no_cats, with_split), "does not mention cats"),
            ((no_ask, with_split), "does not say what the user will ask"),
            ((ORDERS[0], with_split), "tells the model"),
            ((NO_CAT[0], with_split), "keeps no cat"),
            ((["The user keeps a cat"], with_split), "should be a text"),
        ],
    )


# -- 4.3 ----------------------------------------------------------------------------------------------------------


OFFER = r"(sure|certainly|of course|here is|here are|i'm happy to|i'd be happy to|as an ai)\b"


def varied(*, keep_system=False, empty=True, none=True, roles=True, last=True, turns=True, leak="both", swap="right",
           copy="plain"):  # fmt: skip
    """A right answer in other words, with parts that can be left out or done wrong."""

    def why_drop(conversation):
        talk = conversation[1 if not keep_system and conversation[:1] and conversation[0]["role"] == "system" else 0 :]
        said = [(m["content"] if none or m["content"] is not None else "?") or "" for m in talk]
        if empty and (not said or any(not text.strip() for text in said)):
            return "empty"
        order = "".join(m["role"][0] for m in talk)
        if roles and not re.fullmatch("(ua)*" if last else "(ua)*u?", order):
            return "roles"
        if turns and len(talk) != 6:
            return "turns"
        for text in said:
            if leak in ("both", "tokens") and re.search(r"<\|[a-z_]+\|>|<(start|end)_of_turn>", text):
                return "leak"
            if leak == "both" and re.match(r"(system|user|assistant)\s*:?\s*\n", text, re.IGNORECASE):
                return "leak"
            if leak == "crude" and re.search(r"[<|>]|\b(system|user|assistant)\n", text, re.IGNORECASE):
                return "leak"
        for message in talk:
            text = message["content"] or ""
            offers = re.match(OFFER, text, re.IGNORECASE)
            mine, asks = message["role"] == "user", "?" in text
            hit = {
                "right": mine and not asks and offers,
                "all": not asks and offers,
                "asking": mine and offers,
                "prefix": mine and not asks and text.lower().startswith(("sure", "i'm happy to")),
                "case": mine and not asks and text.startswith(("Sure!", "I'm happy to")),
                "none": False,
            }[swap]
            if hit:
                return "role_swap"
        if copy == "plain":
            said = [re.sub(r"[\W_]+", " ", text.lower()).strip() for text in said]
        if copy == "start":
            said = [" ".join(re.findall(r"\w+", text.lower())[:4]) for text in said]
        return "copy" if copy != "none" and len(set(said)) < len(said) else None

    return why_drop


def pops(conversation):
    if conversation and conversation[0]["role"] == "system":
        conversation.pop(0)
    return varied(keep_system=True)(conversation)


def given(keep=None, everywhere=False, copied=tuple):
    """The lesson's own way, with changes."""

    def why_drop(conversation):
        messages = list(conversation)
        if everywhere:
            messages = [m for m in messages if m["role"] != "system"]
        elif messages and messages[0]["role"] == "system":
            messages = messages[1:]
        texts = [(m["content"] or "").strip() for m in messages]
        if not texts or not all(texts):
            return "empty"
        if [m["role"] for m in messages] != ["user", "assistant"] * (len(messages) // 2):
            return "roles"
        if len(messages) != 6:
            return "turns"
        for t in texts:
            first = t.splitlines()[0].strip().strip(":").lower()
            if re.search(r"<\|\w+\|>|<(start|end)_of_turn>", t) or first in ("system", "user", "assistant"):
                return "leak"
        offer = re.compile(OFFER, re.I)
        if any(offer.match(t) and "?" not in t for t in texts[::2]):
            return "role_swap"
        plain = [copied(re.findall(r"\w+", t.lower())) for t in texts]
        if any(w in plain[:i] for i, w in enumerate(plain)):
            return "copy"
        return keep

    return why_drop


def copy_first(conversation):
    """Looks for copies before it looks for offers."""
    reason = given()(conversation)
    texts = [re.findall(r"\w+", (m["content"] or "").lower()) for m in conversation]
    return "copy" if reason == "role_swap" and any(w in texts[:i] for i, w in enumerate(texts)) else reason


def test_why_drop(assert_each_named, lesson):
    assert_each_named(
        check.why_drop,
        right=[lesson["why_drop"], conversations.why_drop, varied(), given(), given(keep=""), given(keep=False)],
        wrong=[
            (varied(keep_system=True), "nothing but a system message"),
            (varied(empty=False), "a conversation without messages"),
            (varied(none=False), "an answer that is None"),
            (varied(roles=False), "the user has the last word"),
            (varied(last=False), "the user has the last word"),
            (varied(turns=False), "a conversation of one turn"),
            (varied(leak="none"), "an answer that contains <|im_end|>"),
            (varied(leak="tokens"), "whose first line is a role's name"),
            (varied(leak="crude"), "a question with `<`, `|` and `>` in it"),
            (varied(swap="none"), "a user who offers tips"),
            (varied(swap="case"), "in lower case"),
            (varied(swap="all"), "an assistant who says `Sure`"),
            (varied(swap="asking"), "a user who says `Sure` and asks"),
            (varied(swap="prefix"), "a user who says `Surely`"),
            (varied(copy="none"), "a question that repeats the first"),
            (varied(copy="exact"), "a question that repeats the first"),
            (varied(copy="start"), "a question that resembles another"),
            (lambda talk: talk[0]["text"], "raised KeyError"),
            (lambda talk: "fine", "not one of the reasons"),
            (pops, "changes the conversation"),
            (given(everywhere=True), "a system message that is not the first message"),
            (given(copied=sorted), "in another order"),
            (given(keep="keep"), "not one of the reasons"),
            (copy_first, "a conversation with more than one fault"),
        ],
    )
