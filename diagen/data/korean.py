"""Korean requests by rule: layers come from networks.py, graphs from relations.py or from here, and so do the words."""

from __future__ import annotations

import random
from itertools import pairwise

from diagen.data.networks import (
    Layer,
    classes,
    conv_stack,
    head_layers,
    image,
    kernel,
    output,
    units,
)
from diagen.data.relations import graph

_COUNTS = {2: "두", 3: "세", 4: "네", 5: "다섯", 6: "여섯"}
_LEADS = (
    "",
    "",
    "",
    "신경망 그려줘. ",
    "CNN 구조 그려줘: ",
    "아래 모델을 그려 주세요.\n",
    "모델 구조: ",
    "발표 자료용으로 그려줘: ",
    "논문에 들어갈 그림이에요. ",
    "네트워크 다이어그램 부탁드립니다. ",
    "구조도를 만들어 주세요. ",
    "과제에 쓸 그림: ",
)
_ENDS = ("", "", "", " 그려줘", " 그려 주세요", " 구조로 부탁해요", " 이렇게요", " 형태의 네트워크", " 모델을 그림으로")


def korean_network(r: random.Random) -> tuple[str, str]:
    """A random Korean request and its diagram, both about a layered network."""
    convolutional = r.random() < 0.45
    parts = _convolutional(r) if convolutional else _dense(r)
    lines = [line for _, some in parts for line in some]
    texts = [text for text, _ in parts]
    form = r.random()
    if form < 0.17:
        mark = r.choice(("- ", "* ", "• ", ""))
        body = "\n".join((f"{i}. " if not mark else mark) + text for i, text in enumerate(texts, 1))
        lead = r.choice(("", "신경망:\n", "이 구조 그려줘\n", "다음과 같은 모델\n", "모델 그림 부탁해요\n"))
        return lead + body, "\n".join(lines) + "\n"
    if form < 0.3 and not convolutional:
        sizes = [line.split()[1] for line in lines if len(line.split()) == 2 and line.split()[1].isdigit()]
        if len(sizes) == len(lines):
            row = r.choice(("-", "-", " - ", "->", " -> ", ", ", "/", ":")).join(sizes)
            thing = r.choice(("신경망", "MLP", "mlp", "다층 퍼셉트론", "완전연결 신경망", "FC 네트워크"))
            return r.choice((f"{thing} {row}{r.choice(_ENDS)}", f"{row} {thing}{r.choice(_ENDS)}")), "\n".join(
                lines
            ) + "\n"
    mark = r.choice((", ", ", ", ", ", " -> ", " -> ", "->", " → ", " / ", "\n", ", 그다음 ", " 다음에 ", "; ", " - "))
    if mark == ", " and r.random() < 0.3:
        texts = [r.choice(("", "", "그다음 ", "이어서 ", "다음은 ")) * (i > 0) + text for i, text in enumerate(texts)]
    return r.choice(_LEADS) + mark.join(texts) + r.choice(_ENDS), "\n".join(lines) + "\n"


def _dense(r: random.Random) -> list[tuple[str, list[str]]]:
    """An input, hidden layers and an output, each with its words and its lines."""
    regime = r.choice(("small", "small", "typical", "any"))
    act = r.choice(("relu", "relu", "tanh", "gelu", "sigmoid")) if r.random() < 0.3 else ""
    sizes = [units(r, regime) for _ in range(r.choice((1, 1, 2, 2, 2, 3, 3, 4)))]
    n_in, out = units(r, regime), output(r, classes(r), 0.35)
    begin = (_input(r, n_in), [f"input {n_in}"])
    suffix = r.choice((f" ({act})", f", {act}", f" {act}", f" 활성화 {act}")) if act else ""
    if len(sizes) > 1 and r.random() < 0.35:
        k = len(sizes)
        count = r.choice((f"{k}개", f"{_COUNTS[k]} 개", f"{k}층"))
        u = sizes[0]
        said = r.choice(
            (
                f"은닉층 {count} (각 {u}개)",
                f"{u}개짜리 은닉층 {count}",
                f"은닉층 {count}, 층마다 {u}개",
                f"노드 {u}개 은닉층 {count}",
                f"{u} 유닛 은닉층이 {count}",
            )
        )
        middle = [(said + suffix, [" ".join(f"{k} dense {u} {act}".split())])]
    elif len(sizes) > 1 and r.random() < 0.6:
        row = r.choice((", ", ", ", "개, ", "-", "/", " ")).join(map(str, sizes))
        row += "개" if "개" in row else ""
        said = r.choice(
            (f"은닉층 {row}", f"은닉층은 {row}", f"은닉층 노드 {row}", f"히든 레이어 {row}", f"은닉층 크기 {row}")
        )
        middle = [(said + suffix, [" ".join(f"dense {u} {act}".split()) for u in sizes])]
    else:
        names = ["은닉층", "은닉층", "히든 레이어", "dense", "fc", "완전연결층", "Dense"]
        name = r.choice(names)
        middle = []
        for i, u in enumerate(sizes, 1):
            which = (
                r.choice((f"{name} {u}개", f"{name} {u}", f"{name}({u})", f"{u}개 {name}"))
                if r.random() < 0.7
                else (f"{_nth(i)} {name} {u}개")
            )
            middle.append((which + suffix, [" ".join(f"dense {u} {act}".split())]))
    end = (_output(r, out), [out.line()])
    parts = [begin, *middle, end]
    if r.random() < 0.12:  # input and output first, as people do; the lines keep the order of the layers
        text = ", ".join((begin[0], end[0], *(x for x, _ in middle)))
        return [(text, [line for _, some in parts for line in some])]
    return parts


def _convolutional(r: random.Random) -> list[tuple[str, list[str]]]:
    """An image, convolutions and pooling, a head."""
    size = image(r)
    parts = [(_image(r, size), [Layer("input", size=size).line()])] if r.random() < 0.9 else []
    if r.random() < 0.3:
        n, k = r.choice((2, 3, 3, 4)), kernel(r)
        conv = Layer("conv", r.choice((0, 0, 16, 32, 64)), k if r.random() < 0.7 else ())
        pool = Layer("pool", size=r.choice(((2, 2), ())), variant=r.choice(("max", "max", "avg", "")))
        c, p = _conv(r, conv), _pool(r, pool)
        count = r.choice((f"{n}개", f"{_COUNTS[n]} 개", f"{n}번", f"{_COUNTS[n]} 번"))
        said = r.choice(
            (
                f"{c} {count}, 각각 뒤에 {p}",
                f"({c} + {p}) x {n}",
                f"{c} 다음 {p}을 {count} 반복",
                f"{c}와 {p} 조합을 {count}",
                f"{c} {count}인데 하나마다 {p}이 따라옴",
            )
        )
        parts.append((said, [f"repeat {n}", conv.line(), pool.line(), "end"]))
    else:
        layers = conv_stack(r, r.choice((1, 2, 2, 3, 4, 5)))[:10]
        i = 0
        while i < len(layers):
            j = i + 1
            while j < len(layers) and layers[j] == layers[i]:
                j += 1
            n = j - i
            if 2 <= n <= 6 and r.random() < 0.6:
                word = r.choice((f"{n}개", f"{_COUNTS[n]} 개", f"{_COUNTS[n]} 번", f"{n}번", f"x{n}"))
                parts.append((f"{_say(r, layers[i])} {word}", [layers[i].line(n)]))
                i = j
                continue
            parts.append((_say(r, layers[i]), [layers[i].line()]))
            i += 1
    return parts + [(_say(r, layer), [layer.line()]) for layer in head_layers(r)]


def _nth(i: int) -> str:
    return ("첫 번째", "두 번째", "세 번째", "네 번째", "다섯 번째")[i - 1]


def _input(r: random.Random, n: int) -> str:
    return r.choice(
        (
            f"입력 {n}개",
            f"입력 {n}",
            f"입력층 {n}개",
            f"입력 특성 {n}개",
            f"{n}차원 입력",
            f"입력은 {n}개",
            f"입력 노드 {n}개",
            f"입력 변수 {n}개",
        )
    )


def _image(r: random.Random, size: tuple[int, ...]) -> str:
    times = r.choice(("x", "x", "x", "×", " x ", "*"))
    d = times.join(map(str, size))
    forms = [
        f"{d} 이미지",
        f"{d} 입력 이미지",
        f"입력 {d}",
        f"입력 이미지 {d}",
        f"{d} 입력",
        f"{d} 크기 이미지",
        f"{d} 영상",
    ]
    if len(size) == 3 and size[2] in (1, 3):
        kind = {1: ("흑백", "그레이스케일"), 3: ("컬러", "RGB")}[size[2]]
        forms += [f"{times.join(map(str, size[:2]))} {r.choice(kind)} 이미지"] * 3
    return r.choice(forms)


def _output(r: random.Random, layer: Layer) -> str:
    n, act = layer.units, f" {layer.act}" if layer.act else ""
    if not n:
        return r.choice(("출력", "출력층")) + act
    return r.choice(
        (
            f"출력 {n}개{act}",
            f"출력 {n}{act}",
            f"출력층 {n}{act}",
            f"{n}개 출력{act}",
            f"{n}개 클래스{act} 출력",
            f"마지막에{act} 출력 {n}개",
            f"출력은 {n}개{act}",
            f"{n} 클래스{act}",
        )
    )


def _conv(r: random.Random, layer: Layer) -> str:
    k, f = "x".join(map(str, layer.size)), layer.units
    name = r.choice(("합성곱", "합성곱층", "컨볼루션", "conv", "conv", "Conv2D", "합성곱 레이어"))
    said = r.choice((f"{k} {name}", f"{name} {k}")) if k else name
    said = f"{layer.variant} {said}" if layer.variant else said
    said += r.choice((f" 필터 {f}개", f" {f}", f" ({f}개)", f", 필터 {f}", f" {f}채널")) if f else ""
    said += r.choice((f" stride {layer.stride}", f" 스트라이드 {layer.stride}")) if layer.stride else ""
    said += f" {layer.act}" if layer.act else ""
    return said + (f" (출력 {'x'.join(map(str, layer.out))})" if layer.out else "")


def _pool(r: random.Random, layer: Layer) -> str:
    if layer.variant in ("global", "adaptive"):
        return r.choice(
            (f"{layer.variant} average pooling", "전역 평균 풀링" if layer.variant == "global" else "adaptive pooling")
        )
    k = "x".join(map(str, layer.size))
    name = r.choice(
        {
            "max": ("맥스 풀링", "최대 풀링", "max pooling", "maxpool", "맥스풀링"),
            "avg": ("평균 풀링", "average pooling", "avg pool"),
            "": ("풀링", "pooling", "풀링층"),
        }[layer.variant]
    )
    said = r.choice((f"{k} {name}", f"{name} {k}")) if k else name
    return said + (f" stride {layer.stride}" if layer.stride else "")


def _say(r: random.Random, layer: Layer) -> str:
    if layer.kind == "conv":
        return _conv(r, layer)
    if layer.kind == "pool":
        return _pool(r, layer)
    if layer.kind == "output":
        return _output(r, layer)
    if layer.kind == "dense":
        u, act = layer.units or "", f" {layer.act}" if layer.act else ""
        return (
            r.choice(
                (f"dense {u}", f"fc {u}", f"완전연결층 {u}", f"완전연결 {u}개" if u else "완전연결층", f"FC {u}")
            ).strip()
            + act
        )
    names = {
        "flatten": ("flatten", "평탄화", "flatten 층"),
        "dropout": ("dropout", "드롭아웃"),
        "norm": ("배치 정규화", "batch norm", "BN"),
        "activation": ("",),
    }
    said = r.choice(names[layer.kind])
    return " ".join(x for x in (said, layer.rate, layer.act) if x)


# Processes: boxes by kind, and clauses that say who gives what to whom.

_NOUNS = {
    "process": "전처리, 정제, 토큰화, 학습, 평가, 배포, 모니터링, 라벨링, 데이터 증강, 정규화, 검수, "
    "승인, 집계, 필터링, 특징 추출, 샘플링, 품질 검사, 재학습, 후처리, 색인, 청킹, 검색, "
    "재순위화, 요약, 번역, 노이즈 제거, 결측치 처리, 이상 탐지, 군집화, 차원 축소, 교차 검증, "
    "하이퍼파라미터 탐색, 양자화, 가지치기, 앙상블, 스케줄러, 파서, 크롤러, 중복 제거, 익명화, "
    "형태소 분석, 음성 인식, 객체 검출, 경로 계획, 자세 추정, 보정, 조립, 포장, 출고, 세척, "
    "용접, 도장, 절단, 접수, 심사, 정산, 배차, 수집기, 변환기, 검증기, 병합, 분할, 압축, "
    "암호화, 백업, 로그인, 주문, 환불, A/B 테스트, 리포트 작성, 알림 발송, 프롬프트 구성, "
    "질의 재작성, 안전 검사, 응답 생성, 가중치 갱신, 순전파, 역전파",
    "data": "원본 데이터, 학습 데이터, 센서 데이터, 클릭 로그, 거래 내역, 이미지, 영상, 음성, 좌표, 배치, 특징 벡터, "
    "체크포인트, 합성 데이터, 위성 사진, 주가, 기상 데이터, 의료 영상, 설문 응답, 주문 내역, 예측값, 손실, 그래디언트",
    "text": "질문, 답변, 프롬프트, 요약문, 리뷰, 보고서, 계약서, 자막, 회의록",
    "store": "벡터 DB, 데이터 레이크, 주문 DB, 로그 저장소, 특징 저장소, 모델 저장소, 이벤트 큐, 지식 베이스, 재고 DB",
    "service": "API 서버, 결제 서버, 알림 서비스, 게이트웨이, 대시보드, 웹 서버, 모바일 앱, 인증 서버, 챗봇",
    "model": "분류기, 추천 모델, 언어 모델, 임베딩 모델, 감성 분석 모델, 교사 모델, 학생 모델, 보상 모델, 판별자, "
    "생성자, 인코더, 디코더, 예측 모델, 랜덤 포레스트, 검출 모델",
    "user": "사용자, 관리자, 상담원, 고객, 운영자, 평가자, 의사, 연구원",
}
_KINDS = {label.strip(): kind for kind, labels in _NOUNS.items() for label in labels.split(",")}
_FOREIGN = (
    "Kafka Flink Spark Redis Airflow BERT GPT YOLO Grafana MinIO Slack Elasticsearch LLM OCR TTS ASR API FAISS Ray "
    "Triton XGBoost Loader Router Trainer Encoder Sampler Actor Critic"
).split()
_PREFIXES = "1차 2차 실시간 야간 내부 외부 통합 임시 자동 수동 모바일 온라인 오프라인 예비 신규".split()
_CHECKS = (
    "통과?, 정상?, 승인됨?, 임계값 초과?, 이상 있음?, 재고 있음?, 점수 충분?, 수렴했나?, 품질 합격?, 오류 발생?".split(
        ", "
    )
)
_TOPICS = (
    "음성 배송 결제 병원 공장 자율주행 연합학습 추천 광고 검색 번역 챗봇 사내 고객 상품 재고 물류 금융 주가 "
    "날씨 교육 채용 보안 뉴스 게임 농업 에너지 반도체 의료 법률 회의 영상 얼굴 문서 코드 가격 수요 위험 글로벌 "
    "로컬 중앙 다국어 장기 단기 경량 유해성"
).split()
_THINGS = (
    "파이프라인, 시스템, 구조, 흐름, 과정, 아키텍처, 서비스 구성, 플랫폼, 워크플로, 구조도, 학습 과정, 처리 흐름, "
    "에이전트 구조"
).split(", ")
_VERBS = """
되돌아간다 되돌아가요 되돌아가고
돌아간다 돌아갑니다 돌아가고
돌아간다 돌아가요 돌아가고
들어간다 들어갑니다 들어가고
들어간다 들어가요 들어가고
이어진다 이어집니다 이어지고
이어진다 이어져요 이어지고
피드백된다 피드백됩니다 피드백되고
합쳐진다 합쳐집니다 합쳐지고
전달된다 전달됩니다 전달되고
보낸다 보내요 보내고
받는다 받아요 받고
나뉜다 나뉩니다 나뉘고
나뉜다 나뉘어요 나뉘고
넣는다 넣어요 넣고
쓴다 써요 쓰고
쓴다 씁니다 쓰고
모인다 모입니다 모이고
호출한다 호출해요 호출하고
진행한다 진행됩니다 진행되고
있다 있어요 있고
된다 됩니다 되고
간다 갑니다 가고
간다 가요 가고
""".strip().splitlines()  # plain, polite, and before a comma
_GIVEN = "점수 토큰 보상 알림 결과 피드백 라벨 가중치 좌표 요청 응답 벡터 이벤트 명령 상태".split()
_OPENINGS = (
    "", "", "", "그려줘: ", "다이어그램 부탁해요. ", "아래 과정을 그려 주세요.\n", "흐름도: ", "시스템 구성: ",
    "발표용 그림이 필요해요. ", "이런 구조를 그림으로 그려줘. ", "파이프라인 그림: ",
)  # fmt: skip
_CLOSINGS = (". 이 과정을 그려줘.", ". 이렇게 그려 주세요.", ". 그림으로 부탁드립니다.")


def _particle(word: str, closed: str, open_: str) -> str:
    """The word with the particle that its last sound asks for (은/는, 이/가, 을/를, 과/와, 으로/로)."""
    last = word.rstrip("?)'\"")[-1:]
    final = (ord(last) - 0xAC00) % 28 if "가" <= last <= "힣" else -1
    if final < 0:
        final = 8 if last in "178lLrR" else 1 if last in "036mMnN" else 0
    if closed == "으로":  # words that end in ㄹ take 로
        return word + (open_ if final in (0, 8) else closed)
    return word + (closed if final else open_)


class Teller:
    """Names, arrows and the writer's style of one Korean request."""

    def __init__(self, r: random.Random) -> None:
        self.r = r
        self.lines: list[str] = []
        self.kinds: dict[str, str] = {}  # of all names, told or not
        self.told: set[str] = set()
        self.current: list[str] = []
        self.mark = r.choice(("->", "->", "→", "=>")) if r.random() < 0.35 else ""
        self.polite = r.random() < 0.5
        self.joint = r.choice(("와", "와", "랑", ", "))

    def name(self) -> str:
        """A name that was not there before."""
        r = self.r
        while True:
            roll = r.random()
            name = r.choice(list(_KINDS)) if roll < 0.82 else r.choice(_FOREIGN)
            kind = _KINDS.get(name, "process")
            if roll < 0.08:
                name = f"{r.choice(_PREFIXES)} {name}"
            elif roll < 0.2:
                name = f"{r.choice(_TOPICS)} {name}"
            elif roll < 0.25:
                name = f"{name} {r.choice('ABC12')}"
            if name not in self.kinds:
                self.kinds[name] = kind
                return name

    def names(self, low: int, high: int) -> list[str]:
        return [self.name() for _ in range(self.r.randint(low, high))]

    def box(self, name: str) -> str:
        """As the diagram names it: with its kind the first time."""
        new, kind = name not in self.told, self.kinds.get(name, "process")
        self.told.add(name)
        return f"{name} [{kind}]" if new and kind != "process" else name

    def arrow(self, sources: list[str], targets: list[str], label: str = "", sign: str = "->") -> None:
        left = "" if self.current == sources else " | ".join(self.box(x) for x in sources) + " "
        right = " | ".join(self.box(x) for x in targets) + (f" : {label}" if label else "")
        self.lines.append(f"{left}{sign} {right}")
        self.current = targets

    def row(self, names: list[str]) -> None:
        for a, b in pairwise(names):
            self.arrow([a], [b])

    def ends(self, plain: str, polite: str) -> str:
        """A verb in the writer's style."""
        return polite if self.polite else plain

    def listed(self, names: list[str]) -> str:
        if self.joint == ", " or len(names) == 1:
            return ", ".join(names)
        last = ("과", "와") if self.joint == "와" else ("이랑", "랑")
        return ", ".join([*names[:-2], _particle(names[-2], *last)]) + " " + names[-1]

    def question(self, tip: list[str], good: list[str], bad: str, back: bool = False) -> str:
        """A question after a box; the good answer goes on, the bad one leads to a box of its own or to an earlier."""
        r, check = self.r, self.r.choice([check for check in _CHECKS if check not in self.kinds])
        self.kinds[check] = "decision"
        way = r.choice((" -> ", " → ", ", 그다음 ")).join(good)
        if r.random() < 0.4:
            yes, no = r.choice((("통과", "실패"), ("성공", "실패"), ("정상", "이상"), ("합격", "불합격")))
            said = (
                f"{yes}하면" if yes in ("통과", "성공") else f"{yes}이면",
                f"{no}하면" if no == "실패" else f"{no}이면",
            )
        else:
            yes, no = r.choice((("예", "아니오"), ("yes", "no"), ("예", "아니요")))
            said = r.choice((("예면", "아니면"), ("예이면", "아니면"), ("예 ->", f"{no} ->"), ("예:", f"{no}:")))
            said = said if yes == "예" else ("yes ->", "no ->")
        before = ", ".join(tip)
        lead = r.choice(
            (
                f"{before} -> {check} ",
                f"{before} 다음에 {check} ",
                f"{before} 뒤에 '{check}' 판단, ",
                f"{_particle(before, '은', '는')} {_particle(check, '으로', '로')} {self.ends('간다', '가요')}. ",
            )
        )
        end = self.ends("로 돌아간다", "로 돌아가요") if back and r.random() < 0.7 else ""
        wrong = _particle(bad, "으로", "로") + end[1:] if end else bad
        parts = [f"{said[0]} {way}", f"{said[1]} {wrong}"]
        first = r.random() < 0.7
        self.arrow(tip, [check])
        for right in (first, not first):
            if right:
                self.arrow([check], good[:1], yes)
                self.row(good)
            else:
                self.arrow([check], [bad], no, "..>" if back else "->")
        return lead + ", ".join(parts if first else parts[::-1])

    def written(self, clauses: list[str]) -> tuple[str, str]:
        """The request and its diagram text."""
        r = self.r
        stop = r.choice((". ", ". ", ", ", ", ", "\n", "\n- ", "; "))
        if stop == ", ":  # one long sentence
            clauses = [_going_on(clause) for clause in clauses[:-1]] + clauses[-1:]
        body = ("- " if stop == "\n- " else "") + stop.join(clauses)
        lead = r.choice(_OPENINGS)
        if r.random() < 0.3:
            topic = f"{r.choice(_TOPICS)} {r.choice(_THINGS)}"
            asked = _particle(topic, "을", "를")
            lead = r.choice(
                (f"{topic}: ", f"{topic}. ", f"{topic} 그려줘. ", f"{asked} 그려 주세요. ",
                 f"{topic} 그림 부탁해요: ", f"{asked} 그리고 싶어요. ", f"{topic} 전체 그림: ")
            )  # fmt: skip
        if stop.startswith("\n") and lead:
            lead = lead.rstrip() + "\n"
        closing = r.choice(("", ".", ".", *_CLOSINGS)) if stop == ". " else ""
        return (lead + body + closing).strip(), "\n".join(self.lines) + "\n"


def _going_on(clause: str) -> str:
    """The clause with its verb in the form that another one follows."""
    for plain, polite, joined in map(str.split, _VERBS):
        for verb in (plain, polite):
            if clause.endswith(" " + verb) or clause.endswith(verb) and len(verb) > 3:
                return clause[: -len(verb)] + joined
    return clause


def korean_process(r: random.Random) -> tuple[str, str]:
    """A random Korean request about boxes and what they give each other, and its diagram text."""
    t = Teller(r)
    names = t.names(*r.choice(((3, 5), (5, 7), (6, 8), (8, 10))))
    clauses: list[str] = []
    for sources, targets, back in graph(r, len(names)):
        left, right = [names[i] for i in sources], [names[i] for i in targets]
        label = r.choice(_GIVEN) if r.random() < 0.12 and not back else ""
        a, b, follows = t.listed(left), t.listed(right), t.current == left
        if back:
            text = r.choice(
                (
                    f"{a}에서 {_particle(b, '으로', '로')} {t.ends('되돌아간다', '되돌아가요')}",
                    f"{_particle(a, '은', '는')} 다시 {_particle(b, '으로', '로')} {t.ends('돌아간다', '돌아갑니다')}",
                    f"{a}의 결과는 {b}에 {t.ends('피드백된다', '피드백됩니다')}",
                )
            )
        elif t.mark and r.random() < 0.75:
            text = f"{', '.join(left)} {t.mark} {', '.join(right)}" + (f" ({label})" if label else "")
        elif label:
            text = r.choice(
                (
                    f"{_particle(a, '이', '가')} {b}에 {_particle(label, '을', '를')} {t.ends('보낸다', '보내요')}",
                    f"{a}에서 {_particle(b, '으로', '로')} {_particle(label, '이', '가')} {t.ends('간다', '갑니다')}",
                    f"{_particle(b, '은', '는')} {a}에서 {_particle(label, '을', '를')} {t.ends('받는다', '받아요')}",
                )
            )
        elif len(left) > 1:
            text = r.choice(
                (
                    f"{_particle(a, '이', '가')} {_particle(b, '으로', '로')} {t.ends('들어간다', '들어가요')}",
                    f"{_particle(b, '은', '는')} {_particle(a, '을', '를')} {t.ends('입력으로 쓴다', '입력으로 써요')}",
                    f"{_particle(a, '은', '는')} {b}에서 {t.ends('합쳐진다', '합쳐집니다')}",
                    f"{_particle(a, '을', '를')} 모아서 {_particle(b, '으로', '로')} {t.ends('보낸다', '보내요')}",
                )
            )
        elif follows and len(right) == 1 and r.random() < 0.6:
            text = r.choice(
                (
                    f"그다음 {b}",
                    f"이어서 {b}",
                    f"다음은 {b}",
                    f"그 결과는 {_particle(b, '으로', '로')} {t.ends('간다', '가요')}",
                )
            )
        elif len(right) > 1:
            text = r.choice(
                (
                    f"{_particle(a, '은', '는')} {_particle(b, '으로', '로')} {t.ends('나뉜다', '나뉩니다')}",
                    f"{a}에서 {b} 각각으로 {t.ends('간다', '가요')}",
                    f"{_particle(b, '은', '는')} 모두 {_particle(a, '을', '를')} {t.ends('쓴다', '씁니다')}",
                    f"{a}의 출력이 {_particle(b, '으로', '로')} {t.ends('이어진다', '이어져요')}",
                )
            )
        else:
            text = r.choice(
                (
                    f"{a}에서 {_particle(b, '으로', '로')} {t.ends('간다', '가요')}",
                    f"{_particle(a, '은', '는')} {_particle(b, '으로', '로')} {t.ends('들어간다', '들어갑니다')}",
                    f"{_particle(a, '이', '가')} {_particle(b, '으로', '로')} {t.ends('이어진다', '이어집니다')}",
                    f"{_particle(b, '은', '는')} {_particle(a, '을', '를')} {t.ends('받는다', '받아요')}",
                    f"{a} 다음에 {b}",
                    f"{_particle(a, '을', '를')} {b}에 {t.ends('넣는다', '넣어요')}",
                    f"{a}의 결과가 {_particle(b, '으로', '로')} {t.ends('전달된다', '전달됩니다')}",
                )
            )
        clauses.append(text)
        t.arrow(left, right, label, "..>" if back else "->")
    if r.random() < 0.3 and t.current:
        clauses.append(t.question(t.current, [t.name()], t.name()))
    return t.written(clauses)


def korean_composition(r: random.Random) -> tuple[str, str]:
    """A random Korean request about rows, branches, questions and ways around, and its diagram text."""
    t = Teller(r)
    tips, seen, clauses = [t.name()], list[str](), list[str]()
    if r.random() < 0.3:
        tips += t.names(1, 2)
    size = r.choice((4, 6, 8, 11))
    while not t.lines or len(t.told) < size:
        seen = [name for name in t.kinds if name in t.told and t.kinds[name] != "decision" and name not in tips]
        a, sign = tips[0], f" {t.mark or r.choice(('->', '->', '→'))} "
        a_as, a_is = _particle(a, "은", "는"), _particle(a, "이", "가")
        if len(tips) > 1:
            form = r.choice(("merge", "merge", "all", "pairs"))
            ends = t.names(1, 1) if form == "merge" else t.names(2, 3) if form == "all" else t.names(*[len(tips)] * 2)
            some, b = t.listed(tips), t.listed(ends)
            some_as, b_as, to = _particle(some, "은", "는"), _particle(b, "은", "는"), _particle(b, "으로", "로")
            if form == "pairs":
                pairs = list(zip(tips, ends, strict=True))
                clauses.append(
                    r.choice(
                        (
                            ", ".join(f"{_particle(x, '은', '는')} {_particle(y, '으로', '로')}" for x, y in pairs),
                            ", ".join(f"{x}{sign}{y}" for x, y in pairs),
                            f"{some_as} 각각 {to} " + t.ends("들어간다", "들어갑니다"),
                        )
                    )
                )
                for x, y in pairs:
                    t.arrow([x], [y])
            else:
                both = {2: "둘 다", 3: "셋 다"}.get(len(tips), "모두")
                clauses.append(
                    r.choice(
                        (
                            f"{some} 모두 {to} {t.ends('들어간다', '들어갑니다')}",
                            f"{_particle(some, '이', '가')} 각각 {to} {t.ends('간다', '가요')}",
                            f"{both if t.lines else some} {to} {t.ends('모인다', '모입니다')}",
                            f"{b_as} {_particle(some, '을', '를')} 모두 {t.ends('받는다', '받아요')}",
                            f"{', '.join(tips)}{sign}{', '.join(ends)}",
                        )
                    )
                )
                t.arrow(tips, ends)
            tips = ends
            continue
        form = r.choices(("chain", "via", "fan", "question", "skip", "back"), (4, 1.5, 2, 1.5, 1, 1))[0]
        if form == "question":
            good, back = t.names(1, 2), bool(seen) and r.random() < 0.5
            bad = r.choice(seen) if back else t.name()
            clauses.append(t.question(tips, good, bad, back))
            tips = good[-1:]
        elif form == "fan":
            ends = t.names(2, 4)
            b, count = t.listed(ends), _COUNTS[len(ends)]
            clauses.append(
                r.choice(
                    (
                        f"{a}에서 {b} {count} 갈래로 {t.ends('나뉜다', '나뉩니다')}",
                        f"{a}에서 {b} {count} 갈래",
                        f"{a_as} {_particle(b, '으로', '로')} {t.ends('나뉜다', '나뉘어요')}",
                        f"{a_is} {_particle(b, '을', '를')} {t.ends('호출한다', '호출해요')}",
                        f"{a}{sign}{', '.join(ends)}",
                    )
                )
            )
            t.arrow(tips, ends)
            tips = ends
        elif form == "skip" and len(seen) > 1:
            end, source = t.name(), r.choice(seen)
            label, said = r.choice((("skip", "skip connection이"), ("residual", "residual 연결이"), ("", "화살표가")))
            tell = t.ends("있다", "있어요")
            clauses.append(
                f"{a}{sign}{end}, {source}에서 {end}{_particle(end, '으로', '로')[len(end) :]} {said} {tell}"
            )
            t.arrow(tips, [end])
            t.arrow([source], [end], label)
            tips = [end]
        elif form == "back" and len(seen) > 1:
            source = r.choice(seen)
            clauses.append(
                r.choice(
                    (
                        f"{a}에서 다시 {_particle(source, '으로', '로')} {t.ends('돌아간다', '돌아가요')}",
                        f"{a_as} {_particle(source, '으로', '로')} {t.ends('피드백된다', '피드백됩니다')}",
                    )
                )
            )
            t.arrow(tips, [source], "", "..>")
            end = t.name()
            clauses.append(f"{a} 다음은 {end}")
            t.arrow([a], [end])
            tips = [end]
        elif form == "via":
            middle, end = t.names(2, 2)
            to, past = _particle(end, "으로", "로"), _particle(middle, "을", "를")
            clauses.append(
                r.choice(
                    (
                        f"{a_as} {past} 거쳐 {to} {t.ends('간다', '갑니다')}",
                        f"{_particle(a, '을', '를')} {middle}에 넣고 그 결과를 {end}에 {t.ends('넣는다', '넣어요')}",
                        f"{a_is} {middle} 거쳐서 {to} {t.ends('들어간다', '들어가요')}",
                        f"{past} 통해 {a}에서 {to} {t.ends('간다', '가요')}",
                        f"{a_as} {_particle(middle, '으로', '로')}, {_particle(middle, '은', '는')} {to}",
                    )
                )
            )
            t.row([a, middle, end])
            tips = [end]
        else:
            some = [a, *t.names(2, 5)]
            past = ", ".join(_particle(x, "을", "를") for x in some[1:-1])
            clauses.append(
                r.choice(
                    (
                        sign.join(some),
                        sign.join(some),
                        f"{', '.join(some)} 순서로 {t.ends('진행한다', '진행됩니다')}",
                        f"{', '.join(some)} 순",
                        f"{a} 다음에 {', 그다음 '.join(some[1:])}",
                        f"먼저 {', 그리고 '.join(some)}",
                        f"{a_as} {past} 차례로 거쳐 {_particle(some[-1], '이', '가')} {t.ends('된다', '됩니다')}",
                        f"{', '.join(some[:-1])}, 마지막으로 {some[-1]}",
                    )
                )
            )
            t.row(some)
            tips = some[-1:]
    return t.written(clauses)
