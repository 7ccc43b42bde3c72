//! Changes to the procedure with branches.

/// (code, text replaced, by what, path of the finding)
pub(crate) const CASES: &[(&str, &str, &str, &str)] = &[
    // Branches.
    ("BRANCH_START", "start: asked", "start: draft", "/steps/3/branches/0/start"),
    ("UNKNOWN_STEP", "start: asked", "start: askd", "/steps/3/branches/0/start"),
    (
        "BRANCH_TARGET",
        "to: checking",
        "to: draft",
        "/steps/3/branches/1/steps/0/branches/0/steps/0/actions/2/to",
    ),
    (
        "BRANCH_TARGET",
        "en: Take over }, to: consultation",
        "en: Take over }, to: asked",
        "/steps/2/actions/0/to",
    ),
    (
        "BRANCH_TARGET",
        "              to: minutes",
        "              to: draft",
        "/steps/3/branches/1/steps/0/join/to",
    ),
    ("BRANCH_TARGET", "- { else: draft }", "- { else: asked }", "/steps/3/join/to/1"),
    (
        "BRANCH_STEP",
        "            role: consulted_agency\n",
        "            role: consulted_agency\n            kind: withdrawal\n",
        "/steps/3/branches/0/steps/0/kind",
    ),
    (
        "BRANCH_STEP",
        "            role: consulted_agency\n",
        "            role: consulted_agency\n            reviews: true\n",
        "/steps/3/branches/0/steps/0/reviews",
    ),
    ("BRANCH_STEP", "    status: 4\n", "    status: 4\n    kind: applicant\n", "/steps/3/kind"),
    (
        "UNKNOWN_KEY",
        "            role: consulted_agency\n",
        "            role: consulted_agency\n            status: 4\n",
        "/steps/3/branches/0/steps/0/status",
    ),
    (
        "BRANCH_ACT",
        "en: Consent }, answer: consent }\n              -",
        "en: Consent }, act: sign, answer: consent }\n              -",
        "/steps/3/branches/0/steps/0/actions/0/act",
    ),
    (
        "BRANCH_ACT",
        "answer: objection, reason: true",
        "answer: objection, outcome: refusal",
        "/steps/3/branches/0/steps/0/actions/1/outcome",
    ),
    ("BRANCH_UNIT", "        each_unit: true\n", "", "/steps/3/branches/0/steps/0/unit"),
    (
        "BRANCH_WITHOUT_END",
        "to: surveying }",
        "to: checking }",
        "/steps/3/branches/1/steps/0/branches/0/steps/1",
    ),
    (
        "UNKNOWN_ANSWER",
        "answer: objection, reason",
        "answer: objektion, reason",
        "/steps/3/branches/0/steps/0/actions/1/answer",
    ),
    (
        "UNKNOWN_ANSWER",
        "answer: agencies.objection",
        "answer: agencies.objektion",
        "/steps/3/join/early/0/answer",
    ),
    (
        "UNKNOWN_ANSWER",
        "answer: agencies.objection",
        "answer: agency.objection",
        "/steps/3/join/early/0/answer",
    ),
    (
        "ANSWER_MISPLACED",
        "answer: objection, reason: true",
        "answer: objection, to: asked",
        "/steps/3/branches/0/steps/0/actions/1/answer",
    ),
    (
        "ANSWER_MISPLACED",
        "en: Take over }, to: consultation",
        "en: Take over }, answer: done",
        "/steps/2/actions/0/answer",
    ),
    (
        "ANSWER_NEVER_GIVEN",
        "answer: objection, reason: true",
        "answer: consent",
        "/steps/3/branches/0/answers/1",
    ),
    (
        "JOIN_TARGET",
        "              to: minutes",
        "              to: stay",
        "/steps/3/branches/1/steps/0/join/to",
    ),
    (
        "JOIN_NEVER",
        "            join:\n",
        "            join:\n              early: [{ at_least: 3 }]\n",
        "/steps/3/branches/1/steps/0/join/early/0/at_least",
    ),
    ("JOIN_BLOCKED", "to: surveying }", "to: checking }", "/steps/3/branches/1/steps/0"),
    ("DUPLICATE_ID", "- id: survey\n", "- id: site\n", "/steps/3/branches/1/steps/0/branches/0/id"),
    (
        "GUARD_REFERENCE",
        "when: answers.agencies.objection > 0",
        "when: answers.agencies.objektion > 0",
        "/steps/3/join/to/0/when",
    ),
    (
        "GUARD_REFERENCE",
        "when: answers.agencies.objection > 0",
        "when: answers.agencies",
        "/steps/3/join/to/0/when",
    ),
    (
        "CHOICE_WITHOUT_ELSE",
        "        - { else: draft }\n    actions",
        "        - { when: proxy, to: draft }\n    actions",
        "/steps/3/join/to/1",
    ),
    // Phases, clocks, windows, money.
    ("UNKNOWN_PHASE", "begins: acceptance", "begins: aceptance", "/steps/7/actions/2/begins"),
    ("PHASE_UNUSED", "        begins: acceptance\n", "", "/phases/0"),
    (
        "LIMIT_WITHOUT_ELSE",
        "      - id: acceptance\n        statutory",
        "      - id: acceptance\n        when: proxy\n        statutory",
        "/phases/0/limits/0",
    ),
    (
        "STEP_TIMES_EXCEED_LIMIT",
        "time: { amount: 5, unit: working_day }\n    actions",
        "time: { amount: 11, unit: working_day }\n    actions",
        "/phases/0/limits/0/statutory",
    ),
    (
        "STEP_TIMES_EXCEED_LIMIT",
        "time: { amount: 5, unit: working_day }\n            timeout",
        "time: { amount: 17, unit: working_day }\n            timeout",
        "/limits/1/statutory",
    ),
    ("CLOCK_NEVER_STOPS", "until: [received]", "until: [intake]", "/clocks/1/from"),
    ("UNKNOWN_STEP", "until: [received]", "until: [receivd]", "/clocks/1/until/0"),
    (
        "UNKNOWN_STEP",
        "pause_in: [supplement_before]",
        "pause_in: [supplement]",
        "/clocks/1/pause_in/0",
    ),
    ("RESUME_MISSING", "    resume: resume_remaining\n", "", "/clocks/1/resume"),
    ("RESUME_UNUSED", "    pause_in: [supplement_before]\n", "", "/clocks/1/resume"),
    ("LIMIT_WITHOUT_ELSE", "      - { without_limit: law }\n", "", "/clocks/0/rules/0"),
    (
        "UNKNOWN_GROUND",
        "without_limit: law",
        "without_limit: lav",
        "/clocks/0/rules/1/without_limit",
    ),
    ("UNKNOWN_FIELD", "before: event_on", "before: event_off", "/windows/0/before"),
    ("FIELD_TYPE", "before: event_on", "before: kind", "/windows/0/before"),
    (
        "FIELD_TYPE",
        "issued_on: certificate_on",
        "issued_on: pages",
        "/documents/0/validity/issued_on",
    ),
    (
        "UNKNOWN_FIELD",
        "        extension: { amount_max: 10 }\n        to: stay\n",
        "        extension: { amount_max: 10 }\n        to: stay\n      - id: verify\n        \
         name: { vi: Xác minh, en: Verify }\n        to: stay\n        data: { type: object, \
         additionalProperties: false, properties: { finding: { type: string, enum: [single, \
         married] } } }\n        verifies: [{ data: finding, document: D9, proved_by: [single] }]\n",
        "/steps/5/actions/2/verifies/0/document",
    ),
    (
        "UNKNOWN_FIELD",
        "        extension: { amount_max: 10 }\n        to: stay\n",
        "        extension: { amount_max: 10 }\n        to: stay\n      - id: verify\n        \
         name: { vi: Xác minh, en: Verify }\n        to: stay\n        data: { type: object, \
         additionalProperties: false, properties: { finding: { type: string, enum: [single, \
         married] } } }\n        verifies: [{ data: found, document: D1, proved_by: [single] }]\n",
        "/steps/5/actions/2/verifies/0/data",
    ),
    (
        "FIELD_TYPE",
        "        extension: { amount_max: 10 }\n        to: stay\n",
        "        extension: { amount_max: 10 }\n        to: stay\n      - id: verify\n        \
         name: { vi: Xác minh, en: Verify }\n        to: stay\n        data: { type: object, \
         additionalProperties: false, properties: { finding: { type: string, enum: [single, \
         married] } } }\n        verifies: [{ data: finding, document: D1, proved_by: [widowed] }]\n",
        "/steps/5/actions/2/verifies/0/proved_by",
    ),
    (
        "FIELD_TYPE",
        "        extension: { amount_max: 10 }\n        to: stay\n",
        "        extension: { amount_max: 10 }\n        to: stay\n      - id: verify\n        \
         name: { vi: Xác minh, en: Verify }\n        to: stay\n        data: { type: object, \
         additionalProperties: false, properties: { finding: { type: string, enum: [single, \
         married] } } }\n        verifies: [{ data: finding, document: D1, proved_by: [] }]\n",
        "/steps/5/actions/2/verifies/0/proved_by",
    ),
    ("UNKNOWN_FEE", "assesses: levy", "assesses: levi", "/steps/5/actions/0/assesses"),
    ("FEE_ASSESSMENT", "        assesses: levy\n", "", "/fees/1"),
    ("FEE_ASSESSMENT", "assesses: levy", "assesses: copying", "/steps/5/actions/0/assesses"),
    ("FEE_UNAWAITED", "when: fees.levy.paid", "when: fees.levy.owed", "/fees/1"),
    (
        "LIMIT_START",
        "  - id: small\n    statutory",
        "  - id: small\n    start: admit\n    statutory",
        "/limits/1/start",
    ),
    (
        "LIMITS_MISSING",
        "limits:\n  - id: large\n    when: variant == \"large\"\n    statutory: { amount: 30, unit: \
         working_day, ground: law }\n    resume: { payment: resume_remaining, withdrawal: \
         resume_remaining }\n  - id: small\n    statutory: { amount: 20, unit: working_day, ground: \
         law }\n    resume: { payment: resume_remaining, withdrawal: resume_remaining }\n",
        "limits: []\n",
        "/limits",
    ),
    (
        "PAUSE_WITHOUT_END",
        "    timeout: { after: { amount: 30, unit: calendar_day }, action: lapse, \
         ground: law }\n    actions:\n      - { id: paid",
        "    actions:\n      - { id: paid",
        "/steps/6",
    ),
    // Acts.
    (
        "FOUR_EYES",
        "not_by: [draft, reconsider]",
        "not_by: [draft, signature]",
        "/steps/7/actions/0/not_by/1",
    ),
    (
        "FOUR_EYES_NEVER",
        "not_by: [draft, reconsider]",
        "not_by: [completed]",
        "/steps/7/actions/0/not_by",
    ),
    (
        "UNKNOWN_STEP",
        "not_by: [draft, reconsider]",
        "not_by: [draft, reconsidr]",
        "/steps/7/actions/0/not_by/1",
    ),
    (
        "ACT_EXTENSION",
        "        extension: { amount_max: 10 }\n",
        "",
        "/steps/5/actions/1/extension",
    ),
    (
        "ACT_EXTENSION",
        "        act: change_variant\n",
        "        act: change_variant\n        extension: { amount_max: 1 }\n",
        "/steps/5/actions/2/extension",
    ),
    (
        "ROUNDS_UNBOUNDED",
        "        rounds_max: 1\n        extension",
        "        extension",
        "/steps/5/actions/1/rounds_max",
    ),
    (
        "GROUND_MISSING",
        "        to: stay\n        ground: law\n",
        "        to: stay\n",
        "/steps/5/actions/1/ground",
    ),
    (
        "ACT_REASON",
        "        act: extend\n        reason: true\n",
        "        act: extend\n",
        "/steps/5/actions/1/reason",
    ),
    (
        "ACT_VARIANT",
        "  - { id: large, name: { vi: Lớn, en: Large }, when: form.kind == \"large\" }\n",
        "",
        "/steps/5/actions/2/act",
    ),
    ("PROCEED_WHEN", ", when: fees.levy.paid", "", "/steps/6/actions/0/when"),
    (
        "PROCEED_CIRCLE",
        "when: fees.levy.paid, to: signature",
        "when: fees.levy.paid, to: payment",
        "/steps/6/actions/0/to",
    ),
    (
        "PROCEED_CIRCLE",
        "when: fees.levy.paid, to: signature",
        "when: fees.levy.paid, to: stay",
        "/steps/6/actions/0/to",
    ),
    (
        "LAPSE_STAYS",
        "act: lapse, form: 5, to: stopped",
        "act: lapse, form: 5, to: stay",
        "/steps/6/actions/1/to",
    ),
    (
        "TARGET_INVALID",
        "en: Go on }, to: draft",
        "en: Go on }, to: withdrawal",
        "/steps/4/actions/0/to",
    ),
    (
        "GUARD_REFERENCE",
        "when: has(form.site) && form.site",
        "when: receiving.kind == \"village\"",
        "/steps/3/branches/1/when",
    ),
    // Types.
    (
        "GUARD_TYPE",
        "when: form.kind == \"small\" }\n  - { id: large",
        "when: form.pages == \"small\" }\n  - { id: large",
        "/variants/0/when",
    ),
    (
        "GUARD_TYPE",
        "when: form.kind == \"small\" }\n  - { id: large",
        "when: form.kind }\n  - { id: large",
        "/variants/0/when",
    ),
    (
        "GUARD_TYPE",
        "when: form.kind == \"small\" }\n  - { id: large",
        "when: size(form.pages) > 1 }\n  - { id: large",
        "/variants/0/when",
    ),
    (
        "GUARD_TYPE",
        "when: form.kind == \"small\" }\n  - { id: large",
        "when: '\"a\" in form.kind' }\n  - { id: large",
        "/variants/0/when",
    ),
    (
        "GUARD_TYPE",
        "when: form.kind == \"small\" }\n  - { id: large",
        "when: form.kind > 3 }\n  - { id: large",
        "/variants/0/when",
    ),
    (
        "GUARD_TYPE",
        "when: form.kind == \"small\" }\n  - { id: large",
        "when: form.pages.startsWith(\"a\") }\n  - { id: large",
        "/variants/0/when",
    ),
    ("GUARD_TYPE", "quantity: form.pages", "quantity: form.kind", "/fees/0/amount/quantity"),
    ("GUARD_TYPE", "times: form.copies", "times: form.copies > 1", "/fees/0/amount/times"),
    ("GUARD_REFERENCE", "when: fees.levy.paid", "when: fees.levi.paid", "/steps/6/actions/0/when"),
    // Slips.
    (
        "GUARD_CONSTANT",
        "when: variant == \"large\"",
        "when: variant == \"large\" || variant != \"large\"",
        "/limits/0/when",
    ),
    (
        "GUARD_CONSTANT",
        "when: has(form.site) && form.site",
        "when: form.pages > 0",
        "/steps/3/branches/1/when",
    ),
    (
        "GUARD_CONSTANT",
        "when: has(form.site) && form.site",
        "when: owners > 3",
        "/steps/3/branches/1/when",
    ),
    (
        "ROW_UNREACHABLE",
        "- { when: form.kind == \"large\", to: payment }",
        "- { when: form.kind == \"large\", to: payment }\n          - { when: form.kind == \
         \"large\" && proxy, to: signature }",
        "/steps/5/actions/0/to/1",
    ),
    ("VARIANT_HOLE", "enum: [small, large]", "enum: [small, large, huge]", "/variants"),
    ("STEP_MAY_BLOCK", "en: Take over }, to", "en: Take over }, when: proxy, to", "/steps/2"),
    (
        "LIMIT_UNITS_MIXED",
        "amount: 20, unit: working_day, ground: law }\n    resume",
        "amount: 40, unit: calendar_day, ground: law }\n    resume",
        "/limits/1/statutory/unit",
    ),
    (
        "LIMIT_CHANNELS",
        "when: variant == \"large\"",
        "when: channel == \"online\"",
        "/limits/0/statutory",
    ),
    (
        "FEE_AMOUNT",
        "fees:\n",
        "fees:\n  - { id: small, name: { vi: a, en: b }, amount: 50, collect: reception, \
         refundable: false, ground: law }\n",
        "/fees/0/amount",
    ),
    (
        "DURATION_ABSURD",
        "amount: 8, unit: working_hour",
        "amount: 8000, unit: working_hour",
        "/clocks/1/rules/0/limit",
    ),
];
