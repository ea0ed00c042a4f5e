"""Box names for generated process diagrams: an open vocabulary with kinds."""

from __future__ import annotations

import random
from dataclasses import dataclass

# Steps are verb phrases; their label drops the article ("clean the data" -> "clean data").
STEPS: dict[str, str] = {
    "ml": "clean the data; train a model; tune the hyperparameters; evaluate the model; split the dataset; "
    "label the images; augment the images; normalize the features; select features; encode the categories; "
    "impute missing values; balance the classes; shuffle the samples; freeze the backbone; fit the scaler; "
    "compute the loss; update the weights; save the checkpoint; export the model; quantize the weights; "
    "prune the network; distill the model; rank the candidates; calibrate the scores; plot the results; "
    "deploy the model; monitor the drift; retrain the model; compare the runs; average the predictions; "
    "crop the faces; resize the images; extract features; detect objects; cluster the vectors",
    "data": "load the data; ingest the events; parse the logs; validate the schema; "
    "deduplicate the records; join the tables; aggregate the metrics; filter outliers; partition the table; "
    "compress the files; archive the raw data; mask personal data; sync the catalog; refresh the views; "
    "backfill the history; publish the dataset; convert the currency; geocode the addresses; "
    "merge the sources; sort the rows; scrape the pages; fetch the feeds; unzip the archive; "
    "map the columns; enrich the profiles",
    "llm": "chunk the documents; embed the chunks; retrieve passages; rerank the passages; "
    "build the prompt; call the model; rewrite the query; summarize the history; translate the answer; "
    "check the citations; moderate the output; extract entities; classify the intent; generate a draft; "
    "critique the draft; plan the task; pick a tool; run the tool; parse the reply; stream the answer; "
    "tokenize the text; transcribe the audio; format the response; store the memory; score the answers",
    "web": "authenticate the user; validate the form; create the order; charge the card; send an email; "
    "reserve the stock; render the page; log the request; refresh the token; cache the response; "
    "upload the photo; scan the file; notify the seller; queue the job; rotate the keys; compile the code; "
    "run the tests; build the image; push the image; tag the release; roll out the release; open a ticket; "
    "assign an agent; close the ticket; throttle the traffic",
    "robotics": "read the sensors; fuse the signals; estimate the pose; build the map; plan the path; "
    "avoid obstacles; control the motors; grasp the object; move the arm; release the gripper; "
    "dock the robot; charge the battery; inspect the weld; track the target; calibrate the camera; "
    "smooth the trajectory; detect the edges; stop the conveyor",
    "lab": "collect samples; extract the DNA; amplify the DNA; sequence the genome; align the reads; "
    "call the variants; annotate the genes; stain the cells; incubate the plates; count the colonies; "
    "wash the pellet; spin the tubes; image the tissue; segment the nuclei; freeze the aliquots; "
    "dilute the serum; purify the protein; measure the absorbance; thaw the cells; report the findings",
    "finance": "receive the invoice; verify the account; score the risk; approve the loan; "
    "book the payment; reconcile the ledger; flag the fraud; freeze the account; price the option; "
    "hedge the position; settle the trade; file the claim; assess the damage; pay the supplier; "
    "close the books; audit the books; issue the card; sign the contract; collect the fees; "
    "forecast the demand",
    "nets": "encode the image; decode the latent; add the positions; mask the tokens; sample the noise; "
    "scale the logits; concatenate the heads; project the features; upsample the maps; warp the frame; "
    "copy the weights; clip the gradients; denoise the latent; mix the experts; quantize the codes; "
    "align the views; fuse the streams; refine the boxes",
    "factory": "cut the sheet; weld the frame; paint the body; cure the coating; mix the dough; "
    "bake the bread; cool the parts; pack the boxes; ship the pallets; inspect the surface; "
    "drill the holes; polish the lens; mount the engine; test the brakes; fill the bottles; "
    "cap the bottles; label the bottles; weigh the parts; melt the scrap; press the panels; sort the waste; "
    "grind the beans; roast the beans; rinse the tank",
}
# Nouns by domain and kind; "process" are nouns that name a step.
NOUNS: dict[str, dict[str, str]] = {
    "nets": {
        "conv": "1x1 conv; 3x3 conv; conv a; conv b; conv block 1; conv block 2; depthwise conv; stem conv; 5x5 conv c",
        "norm": "batch norm; layer norm; batch norm a; norm 2; group norm",
        "pool": "max pool; pooling layer; global average pooling; pyramid pooling",
        "dense": "linear head; box head; mask head; class head; projection; MLP head; fc 1; bottleneck layer",
        "attention": "self attention; cross attention; attention block; multi-head attention; spatial attention",
        "feedforward": "feed forward; MLP block",
        "embedding": "token embedding; patch embedding; word vectors; time embedding",
        "encoder": "image encoder; text encoder; encoder 1; encoder 2; context encoder; ResNet backbone",
        "decoder": "decoder 1; decoder 2; text decoder; pixel decoder",
        "add": "add; sum; residual add",
        "latent": "latent code; bottleneck; mu; sigma; code book",
        "loss": "L1 loss; adversarial loss; contrastive loss; KL term; reconstruction loss",
        "input": "input image; noise; anchor; positive sample; left image; video frames; question tokens",
        "output": "class scores; box deltas; masks; next token; segmentation map; depth map",
        "process": "region proposals; NMS; RoI pooling; flatten; concat; dropout; softmax; resize; relu; sampling",
    },
    "ml": {
        "process": "feature extraction; data cleaning; preprocessing; training; fine-tuning; evaluation; "
        "hyperparameter search; augmentation; normalization; cross-validation; post-processing; inference; "
        "label smoothing; early stopping; model selection; drift monitoring; batching; A/B test; trainer; "
        "backpropagation; beam search; calibration; ensembling; sampler; pruning; distillation",
        "model": "ranking model; teacher model; student network; image classifier; XGBoost model; "
        "reward model; churn model; segmentation network; language model; baseline model; random forest; "
        "ResNet; speech model; pose network",
        "data": "raw images; training batches; predictions; pixel features; soft labels; test samples; logits",
        "dataset": "training set; test set; validation set; ImageNet subset; gold dataset; holdout set",
        "store": "feature store; model registry; experiment database; vector index; artifact store",
        "encoder": "image encoder; text encoder; audio encoder; BERT encoder; graph encoder",
        "decoder": "text decoder; mask decoder; mel decoder",
        "loss": "contrastive loss; hinge loss; cross-entropy loss; KL loss; reconstruction loss",
        "metric": "F1 score; accuracy; ROC AUC; BLEU score; recall",
        "optimizer": "Adam optimizer; SGD optimizer; optimizer",
        "embedding": "word embeddings; user embedding; patch embedding",
    },
    "data": {
        "process": "ingestion; schema validation; deduplication; stream processor; aggregation; ETL job; "
        "nightly batch job; change capture; data profiling; masking; anonymization; compaction; "
        "sessionization; scheduler; crawler; parser; enrichment; Spark job; dbt run; windowing; "
        "late-event handling; lineage scan",
        "data": "raw logs; clickstream events; CSV files; order table; sales records; sensor readings; "
        "parquet files; web logs; JSON dumps; daily snapshots; price feed",
        "store": "data lake; data warehouse; Kafka topic; event queue; staging database; metadata catalog; "
        "S3 bucket; time-series database; search index; Postgres; bronze lake; dead letter queue",
        "service": "BI dashboard; reporting portal; ingestion API; metrics service; Grafana dashboard",
        "user": "data analyst; data team; analysts; business users",
        "text": "weekly report; audit report; daily summary",
    },
    "llm": {
        "process": "chunking; retriever; reranker; query rewriting; prompt builder; planner; tool executor; "
        "guardrail; citation checker; critic; summarizer; intent detection; tokenization; self-reflection; "
        "hybrid search; output parser; agent loop; web search; speech recognition; translator; code runner",
        "model": "LLM; small LLM; vision model; embedding model; judge model; intent classifier; GPT-4",
        "text": "prompt; user question; final answer; system prompt; draft answer; summary; chat transcript",
        "documents": "PDF documents; source documents; wiki documents; policy documents",
        "store": "vector store; document index; FAISS index; knowledge base; pgvector database; prompt registry",
        "memory": "chat memory; long-term memory; working memory",
        "cache": "semantic cache; answer cache; KV cache",
        "user": "user; customer; human reviewer; prompt engineers; support agent",
        "router": "model router; query router; intent router",
    },
    "web": {
        "process": "load balancer; rate limiting; authentication; request validation; background worker; "
        "image resizing; checkout; order processing; search; session handling; cron job; build; unit tests; "
        "linting; canary release; rollback; code review; deployment; health probe; webhook handler; "
        "retry logic",
        "service": "API gateway; web app; mobile app; payment service; auth service; email service; CDN; "
        "order API; admin dashboard; web server; nginx server; billing API; frontend app; partner API",
        "store": "user database; message queue; session store; MySQL database; orders database; job queue; "
        "image registry; object store; log index",
        "cache": "Redis cache; page cache; edge cache; browser cache",
        "user": "browser user; visitor; admin; developers; support team; seller",
        "data": "log files; click events; access logs; order events; user profile",
        "router": "traffic router; request router",
    },
    "robotics": {
        "process": "sensor fusion; localization; path planning; motion control; collision check; SLAM; "
        "object detection; perception; actuation; grasp planning; emergency stop; mission planner; "
        "trajectory smoothing; velocity controller; state estimation; lane keeping; gripper; "
        "inverse kinematics",
        "data": "camera images; lidar points; IMU signals; wheel ticks; depth frames; joint angles; GPS signal",
        "store": "map database; mission queue; telemetry store",
        "model": "depth network; dynamics model; policy network; world model; obstacle classifier",
        "user": "operator; pilot; technician; ground crew team",
        "reward": "sparse reward; distance reward; shaped reward",
    },
    "lab": {
        "process": "sample collection; DNA extraction; PCR; library prep; sequencing; read alignment; "
        "variant calling; annotation; cell staining; microscopy; centrifugation; filtration; incubation; "
        "mass spectrometry; gel electrophoresis; blinding; randomization; base calling; peak picking; dosing",
        "data": "blood samples; tissue slides; raw reads; FASTQ files; cell images; gene counts; spectra",
        "store": "sample registry; variant database; protein database; biobank; genome index",
        "user": "patient; lab technician; volunteers; pathologist; study nurse",
        "text": "lab report; clinical report; consent summary",
        "dataset": "cohort dataset; control dataset; mouse dataset",
        "metric": "QC score; yield score; purity score",
    },
    "finance": {
        "process": "KYC screening; credit scoring; fraud detection; invoice matching; payment run; "
        "settlement; reconciliation; risk assessment; underwriting; month-end closing; tax filing; "
        "portfolio rebalancing; order matching; claims handling; onboarding; budgeting; approval; accrual; "
        "stress test; margin call",
        "data": "invoices; bank transactions; market prices; trade records; ledger entries; card payments",
        "store": "general ledger database; customer database; trade warehouse; sanctions database",
        "service": "trading app; bank API; broker gateway; pricing service; claims portal",
        "user": "client; auditor; trader; accountant; risk team; loan officer; board members",
        "text": "annual report; compliance report; offer text",
        "document": "loan contract; purchase order; policy document; invoice document",
        "model": "credit model; pricing model; fraud classifier; volatility model",
    },
    "factory": {
        "process": "cutting; welding; painting; assembly; packaging; quality control; pressing; curing; "
        "drying; milling; sorting; filling; labeling; palletizing; bottling; inspection; heat treatment; "
        "rework; casting; polishing; shipping; unloading; mixing; cooling; fermentation; roasting; "
        "injection molding; scrap disposal",
        "data": "order list; machine logs; vibration signals; camera frames; shift records",
        "store": "parts warehouse; cold store; tool inventory; finished goods warehouse; order queue",
        "service": "ERP service; MES server; supplier portal; PLC gateway",
        "user": "supplier; shift leader; dealers; maintenance team; final customer",
        "document": "packing list; work order; delivery note",
        "model": "defect classifier; demand model; wear model",
    },
}
# Composition: adjective + head noun (+ number or letter); the head decides the kind.
HEADS: dict[str, str] = {
    "store": "store; database; index; queue; warehouse; registry; lake; topic",
    "cache": "cache",
    "model": "model; classifier; network; regressor",
    "service": "service; API; gateway; server; dashboard; app; portal",
    "data": "files; table; logs; records; events; features; signals; images; batch",
    "user": "user; team; customer",
    "process": "filter; parser; worker; job; step; stage; module; engine; handler; scheduler; monitor; "
    "planner; controller; processor; merger; splitter; scanner; sorter; tracker; loader; mixer; checker; "
    "collector; unit",
    "text": "report; summary; prompt; answer",
    "documents": "documents",
    "encoder": "encoder",
    "decoder": "decoder",
    "dataset": "dataset",
    "router": "router",
    "memory": "memory",
    "loss": "loss",
    "metric": "score; metrics",
    "embedding": "embedding",
    "optimizer": "optimizer",
}
ADJECTIVES = (
    "fast; slow; raw; clean; global; local; shared; private; public; hybrid; coarse; fine; remote; central; "
    "edge; nightly; hourly; weekly; primary; backup; secondary; main; auxiliary; tiny; large; smart; secure; "
    "legacy; temporary; adaptive; robust; sparse; online; offline; manual; automatic; audio; video; image; "
    "text; geo; traffic; weather; price; fraud; spam; churn; stock; order; invoice; patient; protein; gene; "
    "soil; water; energy; battery; camera; lidar; sensor; thermal; optical; chemical; pump; valve; turbine; "
    "crop; cargo; fleet; parcel; hotel; ticket; music; game; sports; news; legal; medical; customs; tax; "
    "salary; loan; trade; billing; login; session; profile; click; search; voice; chat; time-aware; "
    "rule-based; neural; Bayesian; quantum; genetic; federated; streaming; incremental; delta; shadow; "
    "canary; golden; silver; bronze; red; blue; green; north; south; upper; lower; inner; outer"
)
DECISIONS = (
    "quality check; approval check; data valid?; good enough?; converged?; in stock?; credit check; "
    "safety check; accuracy check; sanity check; confidence check; threshold check; anomaly check; "
    "duplicate?; is it spam?; more pages?; budget left?; human needed?; toxicity check; format check; "
    "cache lookup; known user?; payment ok?; score high enough?; sample pure?; temperature ok?; "
    "obstacle ahead?; battery low?; fits the policy?; tests green?; weight check; leak test; fraud check; "
    "permission check; relevance check; signature valid?; retry?; drift check; done?; age check; size check; "
    "visual check; passed?; new customer?; answer grounded?; limit reached?"
)
DECISION_STEPS = (
    "check the quality; check the accuracy; inspect the result; verify the identity; validate the output; "
    "review the draft; test the build; check the budget; check the temperature; assess the risk; "
    "verify the data; check the stock; review the request; test the seal; check the confidence; "
    "audit the entry; validate the input"
)
PLACES = (
    "offline; online; training; serving; backend; frontend; cloud; edge; lab; factory; warehouse; indexing; "
    "preparation; preprocessing; production; staging; ingestion; modeling; reporting; core; data layer; "
    "control loop; phase one; phase two; plant A; line 2; on-premise; secure zone; outer loop; inner loop; "
    "clinic; back office; front office; evaluation; deployment; feedback; research; operations; client side; "
    "server side; mobile; AWS; site B; wet lab; dry lab; field; headquarters; analysis; planning; execution; "
    "cold path; hot path; team Alpha; night shift"
)
_SYLLABLES = (
    "ze phy rix ko ra lum tor vex ne bra qui do sil mar ka no ven tri ax or lo mi pha gan tek ul sta fen dro bli"
)
_SHORT = "feat raw etl prep load job calc sync user ord txn img doc eval gen map agg fmt log proc msg tmp dim fct"
_TAIL = "step job task stage v2 v3 2 01 new main tmp run proc fn op"
_ACRONYMS = "KPI ETL OCR NER ASR TTS PCA QA CRM ERP SLA MES PLC HPC ADC MUX DSP RPA SOP BOM FFT ICP VAD EDA"
_IRREGULAR = {
    "split": "split",
    "send": "sent",
    "read": "read",
    "build": "built",
    "cut": "cut",
    "run": "run",
    "spin": "spun",
    "freeze": "frozen",
    "pay": "paid",
    "grind": "ground",
    "feed": "fed",
    "roll": "rolled",
}
_DOUBLE = {
    "split",
    "cut",
    "run",
    "spin",
    "plan",
    "scan",
    "tag",
    "map",
    "crop",
    "ship",
    "log",
    "trim",
    "stop",
    "cap",
    "flag",
    "plot",
    "fit",
    "control",
    "unzip",
    "embed",
    "format",
}
_DROPPED_PARTICLE = {"out"}
_ARTICLES = {"the", "a", "an"}


def words(text: str) -> list[str]:
    """The items of a list written with semicolons."""
    return [w.strip() for w in text.split(";") if w.strip()]


_STEP_LISTS = {d: words(t) for d, t in STEPS.items()}
_NOUN_LISTS = {d: [(n, k) for k, t in kinds.items() for n in words(t)] for d, kinds in NOUNS.items()}
_HEAD_LIST = [(h, k) for k, t in HEADS.items() for h in words(t)]
_ADJECTIVES, _DECISIONS, _DECISION_STEPS = words(ADJECTIVES), words(DECISIONS), words(DECISION_STEPS)
DOMAINS = sorted(STEPS)
GROUP_NAMES = words(PLACES)


@dataclass(eq=False)
class Node:
    """A box: its name in the words of the request, its label, its kind and, for a step, verb and object."""

    name: str
    kind: str
    verb: str = ""
    obj: str = ""
    plain: bool = True  # a common noun, which may have an article
    label: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        self.label = self.label or self.name

    @property
    def base(self) -> str:
        return f"{self.verb} {self.obj}"

    @property
    def ing(self) -> str:
        return f"{gerund(self.verb)} {self.obj}"

    @property
    def third(self) -> str:
        return f"{third_person(self.verb)} {self.obj}"

    @property
    def passive(self) -> str:
        obj, verb = self.obj, self.verb
        particle = ""
        if obj.split()[0] in _DROPPED_PARTICLE:
            particle, obj = " " + obj.split()[0], obj.split(" ", 1)[1]
        return f"{obj} {'are' if is_plural(obj) else 'is'} {participle(verb)}{particle}"

    @property
    def plural(self) -> bool:
        return self.plain and not self.verb and is_plural(self.name)


def is_plural(phrase: str) -> bool:
    """Whether a noun phrase takes a plural verb."""
    last = phrase.split(" (")[0].split()[-1].lower()
    if last in {"entities", "logits", "spectra"}:
        return True
    return last.endswith("s") and not last.endswith(("ss", "is", "us", "lens", "kinematics", "aws", "gas"))


def gerund(verb: str) -> str:
    """clean -> cleaning."""
    if verb in _DOUBLE:
        return verb + verb[-1] + "ing"
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    return verb + "ing"


def participle(verb: str) -> str:
    """clean -> cleaned."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _DOUBLE:
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"


def third_person(verb: str) -> str:
    """clean -> cleans."""
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "z")) else "s")


def in_case(name: str, case: str) -> str:
    """A name in the letter case of the request."""
    if case == "flat":
        return name.lower()
    if case == "upper":
        return name.upper()
    parts = name.split(" ")
    if case == "title":
        small = {"the", "of", "and", "for"}
        parts = [p[:1].upper() + p[1:] if p not in small or i == 0 else p for i, p in enumerate(parts)]
    elif case == "sentence":
        parts[0] = parts[0][:1].upper() + parts[0][1:]
    return " ".join(parts)


def invented(rng: random.Random) -> str:
    """A product-like name such as Zephyrix."""
    return "".join(rng.sample(_SYLLABLES.split(), rng.choice((2, 3, 3)))).capitalize()


class Names:
    """A source of distinct nodes for one request."""

    def __init__(self, rng: random.Random, case: str) -> None:
        self.rng, self.case = rng, case
        self.domains = [rng.choice(DOMAINS)] if rng.random() < 0.75 else DOMAINS
        self.odd = rng.choice((0.05, 0.2, 0.2, 0.5))  # share of composed and invented names
        self.scheme = rng.choice(
            (
                "step {n}",
                "Stage {n}",
                "{L}",
                "{L}",
                "Model {L}",
                "box {n}",
                "Task {L}",
                "node{n}",
                "{L}{n}",
                "Unit {n}",
                "phase {n}",
                "Server {n}",
                "x{n}",
                "Part {L}",
                "T{n}",
            )
        )
        self.serial = rng.random() < 0.06
        self.count = 0
        self.used: set[str] = set()

    def _new(self, name: str, kind: str, plain: bool = True, case: bool = True) -> Node | None:
        name = in_case(name, self.case) if case or self.case in ("flat", "upper") else name
        if name.lower() in self.used:
            return None
        self.used.add(name.lower())
        return Node(name, kind, plain=plain)

    def named(self, name: str) -> Node | None:
        """A box of this very name, None where there is one already."""
        return self._new(name, "process", False)

    def noun(self, kinds: tuple[str, ...] = ()) -> Node:
        """A box named by a noun or a made-up name."""
        rng = self.rng
        while True:
            if self.serial and not kinds:
                letter = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[self.count % 26]
                self.count += 1
                name = self.scheme.format(n=self.count, L=letter)
                kind = {"Model": "model", "Server": "service"}.get(name.split()[0], "process")
                node = self._new(name, kind, False, False)
            elif rng.random() > self.odd:
                name, kind = rng.choice(_NOUN_LISTS[rng.choice(self.domains)])
                if kinds and kind not in kinds:
                    continue
                node = self._new(name, kind)
            else:
                name, kind, plain = self._odd(kinds)
                if kinds and kind not in kinds:
                    continue
                node = self._new(name, kind, plain, plain)
            if node:
                if node.plain and rng.random() < 0.03:
                    node.detail = rng.choice(
                        (
                            "512 tokens",
                            "5 min",
                            "GPU",
                            "v2",
                            "top 10",
                            "optional",
                            "Python",
                            "2 workers",
                            "daily",
                            "80 °C",
                            "k=5",
                            "16 bit",
                            "lr 0.01",
                            "batch 32",
                        )
                    )
                    node.label = f"{node.name} ({node.detail})"
                return node

    def _odd(self, kinds: tuple[str, ...]) -> tuple[str, str, bool]:
        rng = self.rng
        r = rng.random()
        head, kind = rng.choice(_HEAD_LIST)
        if rng.random() < 0.4:
            head, kind = rng.choice(words(HEADS["process"])), "process"
        if r < 0.45 or kinds:
            return f"{rng.choice(_ADJECTIVES)} {head}", kind, True
        if r < 0.55:
            return (
                f"{rng.choice(_ADJECTIVES)} {head} {rng.choice(('1', '2', '3', 'A', 'B', 'X', '7'))}",
                kind,
                False,
            )
        if r < 0.67:
            return invented(rng), "process", False
        if r < 0.74:
            return f"{invented(rng)} {head}", kind, False
        if r < 0.84:
            parts = rng.sample(_SHORT.split(), rng.choice((1, 2))) + [rng.choice(_TAIL.split())]
            return rng.choice("__-").join(parts), "process", False
        if r < 0.92:
            return (
                f"{rng.choice(_ACRONYMS.split())}{rng.choice(('', '-', ' '))}{rng.randint(1, 99)}",
                "process",
                False,
            )
        return rng.choice(_ACRONYMS.split()), "process", False

    def step(self) -> Node:
        """A box named by a verb phrase."""
        while True:
            node = self._verb(self.rng.choice(_STEP_LISTS[self.rng.choice(self.domains)]), "process")
            if node or len(self.used) > 60:
                return node or self.noun()
            if self.rng.random() < 0.1:
                self.domains = DOMAINS

    def _verb(self, text: str, kind: str) -> Node | None:
        verb, obj = text.split(" ", 1)
        label = " ".join(w for w in text.split() if w not in _ARTICLES)
        if self.case in ("flat", "upper"):
            verb, obj, label = in_case(verb, self.case), in_case(obj, self.case), in_case(label, self.case)
        if label.lower() in self.used:
            return None
        self.used.add(label.lower())
        return Node(label, kind, verb, obj)

    def label_step(self) -> Node:
        """A verb phrase in its short form as a name: "clean data"."""
        node = self.step()
        name = in_case(node.name, self.case)
        return Node(name, node.kind, plain=False)

    def decision(self, step: bool) -> Node:
        """A check with two exits."""
        while True:
            if step:
                node = self._verb(self.rng.choice(_DECISION_STEPS), "decision")
            else:
                node = self._new(self.rng.choice(_DECISIONS), "decision")
                if node:
                    node.plain = not node.name.endswith("?")
            if node:
                return node
