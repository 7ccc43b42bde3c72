"""A client of any gRPC service that offers reflection: no generated code, no code of ours.

Messages are built from the descriptors that the server itself hands out.
"""

import json
import secrets
import time
import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import proto_reflection_descriptor_database as reflection

TIMEOUT_S = 20


class Refused(Exception):
    """A call that the server refused, taken apart."""

    def __init__(self, code, message, reason, metadata):
        super().__init__(f"{code.name} {reason}: {message}")
        self.code, self.reason, self.metadata = code, reason, metadata


class Server:
    """A server and what it says of itself."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        grpc.channel_ready_future(self.channel).result(timeout=TIMEOUT_S)
        database = reflection.ProtoReflectionDescriptorDatabase(self.channel)
        self.services = sorted(database.get_services())
        self.pool = descriptor_pool.DescriptorPool(database)

    def message(self, name):
        """The class of a message."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def refusal(self, error):
        """What an error carries besides its code."""
        reason, metadata = "", {}
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                for detail in self.message("google.rpc.Status").FromString(value).details:
                    if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                        info = self.message("google.rpc.ErrorInfo").FromString(detail.value)
                        reason, metadata = info.reason, dict(info.metadata)
        return Refused(error.code(), error.details(), reason, metadata)


class Caller:
    """Someone with a token, or nobody."""

    def __init__(self, server, token=None, acting_for=""):
        self.server = server
        self.headers = (("authorization", f"Bearer {token}"),) if token else ()
        self.acting_for = acting_for

    def _prepare(self, method, fields):
        service, name = method.split("/")
        descriptor = self.server.pool.FindServiceByName(service).methods_by_name[name]
        request = message_factory.GetMessageClass(descriptor.input_type)()
        json_format.ParseDict(fields, request, descriptor_pool=self.server.pool)
        answer = message_factory.GetMessageClass(descriptor.output_type)
        kind = "unary_stream" if descriptor.server_streaming else "unary_unary"
        call = getattr(self.server.channel, kind)(
            f"/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return call(request, timeout=TIMEOUT_S, metadata=self.headers)

    def call(self, method, /, **fields):
        """Calls and waits for the answer."""
        try:
            return self._prepare(method, fields)
        except grpc.RpcError as error:
            raise self.server.refusal(error) from error

    def stream(self, method, /, **fields):
        """Calls and takes everything that is streamed."""
        try:
            return list(self._prepare(method, fields))
        except grpc.RpcError as error:
            raise self.server.refusal(error) from error

    def act(self, method, dossier, /, **fields):
        """One lawful act; the dossier afterwards."""
        meta = {"command_id": uuid7(), "acting_for": self.acting_for}
        return self.call(method, command=meta, dossier=dossier, **fields).dossier


def uuid7():
    """A UUIDv7 of now (RFC 9562 section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds << 80) | secrets.randbits(80)
    bits = bits & ~(0xF << 76) | (0x7 << 76)
    bits = bits & ~(0x3 << 62) | (0x2 << 62)
    return str(uuid.UUID(int=bits))


def compact(value):
    """JSON as it is hashed: sorted keys, no white space, letters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
