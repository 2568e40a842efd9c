"""An hour of 钉峰科技's assistant: it answers, an answer grows on a card, a button is pressed, a person logs in.

It uses only the public interface, with a local DingTalk, as `onboarding.py` does.

    ./scripts/demo
"""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import parse_qs, urlsplit

import requests
from narration import chapter, code, received, say, table, title

from dingtalk_models import DingTalkApp, User
from dingtalk_models.message import CardAction, CardUpdate, ChatbotMessage, Markdown
from dingtalk_models.sandbox import Card, Sandbox

ANSWER = "年假：满一年 5 天，满十年 10 天，满二十年 15 天。可以分次休，请提前三天申请，由直属主管审批。"
PIECES = re.findall(".{1,5}", ANSWER)
"""The answer, as a model writes it."""


def listen(app: DingTalkApp, template: str) -> None:
    chapter(1, "The assistant listens", "Stream 模式")
    code(
        "@app.callback.on(ChatbotMessage)\ndef answer(message): …\n"
        "@app.callback.on(CardAction)\ndef clicked(action): …\napp.stream.start()"
    )

    @app.callback.on(ChatbotMessage)
    def answer(message: ChatbotMessage) -> None:
        if "年假" not in message.text:
            message.reply(Markdown("收到", f"**{message.sender_nick}**，你说：{message.text}"))
            return
        with message.reply_card(template, key="content", card_param_map={"state": "未评价"}) as card:
            for piece in PIECES:
                card.write(piece)
                time.sleep(0.1)

    @app.callback.on(CardAction)
    def clicked(action: CardAction) -> CardUpdate:
        return CardUpdate({"state": "有用" if action.action_id == "useful" else "没用"}, private={"voted": True})

    app.stream.start()
    status = app.stream.status
    say(f"{status.state}: no public address, no port that is open; {status.opened} connection to the gateway.")


def chat(sandbox: Sandbox) -> None:
    chapter(2, "A person asks, the assistant answers", "机器人收发消息")
    code("message.reply(Markdown(…))")
    sandbox.wait_for_reply(sandbox.say("zhaolei", "你好，在吗"))
    group = sandbox.add_group(["zhaolei", "sunjing"], "研发群")
    sandbox.wait_for_reply(sandbox.say("sunjing", "今天谁值班？", to=group))
    for talk in (sandbox.conversation("zhaolei"), sandbox.conversation(group.open_conversation_id)):
        rows = [(entry.sender or "assistant", entry.msgtype, entry.text) for entry in talk.transcript]
        table([talk.name or "alone with it 单聊", "type", "said"], rows)


def stream_an_answer(sandbox: Sandbox) -> Card:
    chapter(3, "A long answer grows on a card", "AI 流式卡片")
    code(
        'with message.reply_card(template, key="content") as card:\n'
        "    for piece in model_output:\n"
        "        card.write(piece)"
    )
    sandbox.wait_for_reply(sandbox.say("zhaolei", "年假有几天？"))
    card = sandbox.cards.latest
    while card.status != "finished":
        time.sleep(0.05)
    texts = card.texts("content")
    table(["seen at", "what the card showed"], [(place, text) for place, text in enumerate(texts, 1)])
    say(f"{len(PIECES)} pieces were written, and shown in {len(texts)} steps. At the end: {card.status}.")
    say(f"Whole, and never empty: {texts[-1] == ANSWER and all(texts)}.")
    return card


def press(sandbox: Sandbox, card: Card) -> None:
    chapter(4, "A button is pressed, and the card changes", "卡片回调")
    code('return CardUpdate({"state": "有用"}, private={"voted": True})')
    before = card.seen_by("zhaolei")["state"]
    sandbox.click(card, "useful", by="zhaolei")
    say(f"{before} → [bold]{card.seen_by('zhaolei')['state']}[/] for everyone.")
    say(f"Only 赵磊 has voted: {card.seen_by('zhaolei').get('voted')}; 孙静: {card.seen_by('sunjing').get('voted')}.")


def log_in(app: DingTalkApp) -> None:
    chapter(5, "A person logs in to the assistant's website", "扫码登录")
    code("url = app.auth.authorize_url(redirect_uri, state=state)")
    state = secrets.token_urlsafe()
    url = app.auth.authorize_url("https://assistant.example/back", state=state)
    back = requests.get(url, params={"userid": "zhaolei"}, allow_redirects=False, timeout=5).headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    say(f"On DingTalk's page 赵磊 agrees, and comes back with a code of {len(query['authCode'])} characters.")
    code('app.auth.check_state(query["state"], state)\ntoken = app.auth.login(query["authCode"])\ntoken.member()')
    app.auth.check_state(query["state"], state)
    token = app.auth.login(query["authCode"])
    member = token.member()
    say(f"It is {member.name} ({member.userid}), {member.title}. The token prints as {token.refresh_token}.")
    code('User.objects.using(app.as_user(token)).get("heli").name')
    say(f"On their behalf: {User.objects.using(app.as_user(token)).get('heli').name}.")


def main() -> None:
    title("An hour of the company's assistant", "钉峰科技的智能助理")
    with Sandbox() as sandbox:
        app = sandbox.app().use()
        listen(app, sandbox.cards.add_template())
        chat(sandbox)
        card = stream_an_answer(sandbox)
        press(sandbox, card)
        log_in(app)
        app.stream.stop()
        say(f"The assistant is {app.stream.status.state}; handled: {app.stream.status.handled}.")
        chapter(6, "What the platform received", "平台收到的请求")
        received(sandbox)
        app.close()


if __name__ == "__main__":
    main()
