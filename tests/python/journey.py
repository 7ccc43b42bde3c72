"""A birth registration from the first upload to the auditor, by a client that nobody here wrote.

Environment: MOTCUA_ADDRESS (host:port), MOTCUA_TOKENS (a JSON object from name to token).
"""

import base64
import datetime
import hashlib
import json
import os
import re

import grpc

from chain import recompute
from stock import Caller, Refused, Server, uuid7

DOSSIERS, DESK = "motcua.v1.DossierService/", "motcua.v1.DeskService/"
AUDIT, DEADLINES = "motcua.v1.AuditService/", "motcua.v1.DeadlineService/"
VIET_NAM = datetime.timezone(datetime.timedelta(hours=7))
CENTRE = "pasc-ha-long"

FORM = {
    "birth_case": "ordinary",
    "birth_evidence": "notification",
    "child_name": "Trần Nguyễn An Nhiên",
    "child_sex": "female",
    "child_birth_date": "2026-09-28",
    "child_birth_place": "Bệnh viện Sản Nhi Quảng Ninh",
    "child_ethnicity": "Kinh",
    "child_nationality": "Việt Nam",
    "mother_known": True,
    "mother": {"name": "Nguyễn Thị Mai", "birth_year": 1998, "nationality": "Việt Nam"},
    "father_known": False,
    "requester_name": "Nguyễn Thị Mai",
    "requester_relation": "mother",
    "proxy_relation": "none",
    "copies_requested": 2,
}


def refused(code, reason, call, *arguments, **fields):
    """Asserts a refusal; what it says."""
    try:
        call(*arguments, **fields)
    except Refused as refusal:
        assert (refusal.code, refusal.reason) == (code, reason), refusal
        return refusal
    raise AssertionError(f"{reason} was expected, and the call succeeded")


def upload(citizen, requirement):
    """Uploads a PDF in two chunks, the second sent twice as after a dropped line."""
    content = f"%PDF-1.4\n% {requirement}\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n".encode()
    upload_id, half = uuid7(), len(content) // 2
    citizen.call(
        DOSSIERS + "BeginUpload",
        upload_id=upload_id,
        media_type="application/pdf",
        size_bytes=len(content),
    )
    for start, end in [(0, half), (half, len(content)), (half, len(content))]:
        chunk = base64.b64encode(content[start:end]).decode()
        citizen.call(DOSSIERS + "PutChunk", upload_id=upload_id, offset=start, content=chunk)
    digest = hashlib.sha256(content).hexdigest()
    citizen.call(DOSSIERS + "FinishUpload", upload_id=upload_id, sha256=digest)
    return {"requirement": requirement, "upload": {"sha256": digest}}


def file(citizen):
    """Files the dossier; its id, the command and the answer."""
    dossier, command = uuid7(), uuid7()
    filing = {
        "command": {"command_id": command},
        "dossier": dossier,
        "procedure": "1.001193",
        "channel": "CHANNEL_ONLINE",
        "variant": "ordinary",
        "receiving_unit": CENTRE,
        "persons": [{
            "id": "c-mai",
            "part": "PART_DOSSIER_OWNER",
            "full_name": "Nguyễn Thị Mai",
            "id_number": "022190001234",
            "phone": "0912345678",
        }],
        "form_json": json.dumps(FORM, ensure_ascii=False),
        "documents": [upload(citizen, "D1e"), upload(citizen, "D2")],
    }
    filed = citizen.call(DOSSIERS + "SubmitDossier", **filing)
    assert filed.dossier.state == "intake" and filed.dossier.status == 1, filed
    assert filed.tracking_secret and not filed.repeat, filed
    again = citizen.call(DOSSIERS + "SubmitDossier", **filing)
    assert again.repeat and again.tracking_secret == filed.tracking_secret, again
    return dossier, filed.tracking_secret


def receive(people, dossier):
    """The clerk finds the dossier, decides and accepts; its code."""
    clerk = people["clerk"]
    queue = clerk.call(DESK + "ListWorkItems", queue="QUEUE_TO_RECEIVE")
    assert queue.total_size == 1 and queue.rows[0].dossier == dossier, queue
    refused(
        grpc.StatusCode.PERMISSION_DENIED, "ROLE_REQUIRED",
        people["returner"].act, DESK + "AcceptDossier", dossier,
    )
    early = refused(
        grpc.StatusCode.FAILED_PRECONDITION, "REVIEW_INCOMPLETE",
        clerk.act, DESK + "AcceptDossier", dossier,
    )
    assert early.metadata["state"] == "intake" and early.metadata["offered"], early.metadata
    clerk.act(DESK + "DecideItems", dossier, accept_rest=True)
    accepted = clerk.act(DESK + "AcceptDossier", dossier)
    assert re.fullmatch(r"H49\.61(\.\d\d)?-\d{6}-\d{4,}", accepted.code), accepted.code
    appointment = accepted.clocks.statutory
    expected = clerk.call(
        DEADLINES + "ComputeDeadline",
        unit="TIME_UNIT_SAME_DAY",
        amount=1,
        received_at=appointment.received_at.ToJsonString(),
        cutoff="15:00",
    )
    assert appointment.due_on == expected.due_on, (appointment, expected)
    assert appointment.due_at == expected.due_at, (appointment, expected)
    assert expected.explanation and expected.explanation[0].vi, expected
    print(f"accepted as {accepted.code}, due on {appointment.due_on}")
    form = clerk.call(DOSSIERS + "GetForm", dossier=accepted.code, number=1)
    assert accepted.code in form.data_json, form
    return accepted.code


def process(people, code):
    """From the handover to the delivery, each act by its officer."""
    specialist, citizen = people["specialist"], people["citizen"]
    specialist.act(DESK + "ClaimItem", code)
    specialist.act(DESK + "AdvanceDossier", code, action="take_over")
    drafted = specialist.act(DESK + "AdvanceDossier", code, action="draft_result")
    assert drafted.state == "applicant_confirms" and drafted.clocks.paused_on, drafted
    confirmed = citizen.act(DESK + "AdvanceDossier", code, action="confirm")
    assert confirmed.state == "register" and not confirmed.clocks.paused_on, confirmed
    specialist.act(DESK + "AdvanceDossier", code, action="submit_for_signature")
    signed = people["leader"].act(DESK + "SignResult", code)
    assert signed.signature.signer == "s-leader", signed
    today = datetime.datetime.now(VIET_NAM).date().isoformat()
    issued = people["records"].act(DESK + "IssueResult", code, number="17/2026", issued_on=today)
    assert issued.result.code == "KQ.G15.000031", issued
    completed = people["returner"].act(DESK + "CompleteDossier", code)
    assert completed.status == 9 and completed.HasField("completed_at"), completed
    delivered = people["returner"].act(
        DESK + "DeliverResult",
        code,
        method="DELIVERY_METHOD_COUNTER",
        recipients=[{"id": "c-mai", "identity_checked": True}],
        originals_checked=["D2"],
    )
    assert delivered.status == 10 and delivered.closed, delivered
    return delivered


def audit(people, delivered):
    """The auditor replays, and we recompute what was streamed."""
    parts = people["auditor"].stream(AUDIT + "ReplayHistory", dossier=delivered.code)
    events = [part.event for part in parts[:-1]]
    verdict = parts[-1].verdict
    assert verdict.equal and not verdict.findings and verdict.events == len(events), verdict
    head, opened = recompute(events)
    assert head == verdict.head and opened > 0, verdict
    assert len(events) == delivered.version, delivered
    assert delivered.evidence == f"motcua:1:{events[0].chain}:{len(events)}:{head}", delivered
    masked = [field for field in events[0].fields if not field.HasField("opened")]
    assert masked, "personal values are masked for the auditor"
    text = "".join(str(event) for event in events)
    assert "022190001234" not in text and "An Nhiên" not in text
    kinds = [json.loads(event.header)["kind"] for event in events]
    assert kinds[0] == "submit" and kinds[-1] == "deliver", kinds
    altered = [type(event).FromString(event.SerializeToString()) for event in events]
    altered[1].header = altered[1].header.replace('"v":1', '"v":2')
    try:
        recompute(altered)
    except AssertionError:
        print(f"recomputed {len(events)} events, head {head}")
        return
    raise AssertionError("an altered header went unnoticed")


def strangers(server, people, dossier):
    """Nobody gets in without a genuine token, and nobody sees what is not theirs."""
    get = DOSSIERS + "GetDossier"
    unauthenticated = grpc.StatusCode.UNAUTHENTICATED
    refused(unauthenticated, "TOKEN_MISSING", Caller(server).call, get, dossier=dossier)
    head, body, signature = os_tokens()["clerk"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    claims["roles"] = ["administrator"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    forger = Caller(server, f"{head}.{forged}.{signature}")
    refused(unauthenticated, "TOKEN_INVALID", forger.call, get, dossier=dossier)
    not_found = grpc.StatusCode.NOT_FOUND
    refused(not_found, "NOT_FOUND", people["stranger"].call, get, dossier=dossier)


def os_tokens():
    """Tokens by the name of their holder."""
    return json.loads(os.environ["MOTCUA_TOKENS"])


def main():
    """The whole journey."""
    server = Server(os.environ["MOTCUA_ADDRESS"])
    assert "motcua.v1.DeskService" in server.services, server.services
    assert "grpc.health.v1.Health" in server.services, server.services
    health = Caller(server).call("grpc.health.v1.Health/Check", service="motcua.v1.DeskService")
    assert health.status == 1, health
    people = {name: Caller(server, token) for name, token in os_tokens().items()}
    dossier, secret = file(people["citizen"])
    strangers(server, people, dossier)
    code = receive(people, dossier)
    delivered = process(people, code)
    tracked = Caller(server).call(DOSSIERS + "TrackDossier", secret=secret)
    assert (tracked.code, tracked.status) == (code, 10), tracked
    audit(people, delivered)
    print("the journey is complete")


if __name__ == "__main__":
    main()
