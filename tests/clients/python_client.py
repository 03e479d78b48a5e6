#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client that knows nothing of our C++: speaks to kithd over the stubs that protoc makes of proto/.

Usage: python_client.py KITHD PROTO_ROOT. Exits 0 when every answer was as the contract says.
"""

import importlib
import pathlib
import re
import subprocess
import sys
import tempfile

import grpc


def make_stubs(proto_root, out):
    protos = sorted(str(p.relative_to(proto_root)) for p in proto_root.glob("proto/kith/v1/*.proto"))
    plugin = subprocess.check_output(["which", "grpc_python_plugin"], text=True).strip()
    subprocess.check_call(
        ["protoc", "-I", str(proto_root), f"--python_out={out}", f"--grpc_python_out={out}",
         f"--plugin=protoc-gen-grpc_python={plugin}", *protos])
    sys.path.insert(0, str(out))


def load(name):
    return importlib.import_module(f"proto.kith.v1.{name}")


def start(kithd, store):
    process = subprocess.Popen([kithd, "--store", str(store), "--listen", "127.0.0.1:0"],
                               stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", line)
        if found:
            return process, found.group(1)
    raise RuntimeError("kithd ended before it listened")


def reflect(channel):
    """What a generic client does, which has no files: asks the service itself what it offers."""
    ask = channel.stream_stream("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                request_serializer=bytes, response_deserializer=bytes)
    symbol = b"kith.v1.MatchService"
    # ServerReflectionRequest by hand: list_services = 7, file_containing_symbol = 4.
    requests = [b"\x3a\x01*", b"\x22" + bytes([len(symbol)]) + symbol]
    services, file = ask(iter(requests), timeout=10)
    for name in (b"kith.v1.MatchService", b"kith.v1.CatalogService", b"grpc.health.v1.Health"):
        assert name in services, (name, services)
    assert b"proto/kith/v1/match.proto" in file and b"MatchStream" in file, file


def look_up(channel):
    """What an agency knows goes in; what a bare hash is, how near, and whom to call comes out."""
    catalog, common, match = load("catalog_pb2"), load("common_pb2"), load("match_pb2")
    known = load("catalog_pb2_grpc").CatalogServiceStub(channel)
    contact = known.AddContact(catalog.AddContactRequest(contact=catalog.Contact(
        agency="Northfield Police", name="A. Lind", email="lind@north.example")), timeout=10).contact
    known.AddSeries(catalog.AddSeriesRequest(series=catalog.Series(
        code="lakeside", status=common.SERIES_STATUS_IDENTIFIED, agency="Northfield Police",
        contact=catalog.Contact(contact_id=contact.contact_id))), timeout=10)
    known.AddHashSet(catalog.AddHashSetRequest(hash_set=catalog.HashSet(
        name="national", dialect=common.DIALECT_FULL)), timeout=10)
    pdq = bytes((89 * i + 7) % 256 for i in range(32))
    code = common.Code(pdq=pdq, quality=100, orientation=common.ORIENTATION_ORIGINAL)
    added = known.AddEntries(catalog.AddEntriesRequest(
        set="national", series="lakeside",
        entries=[catalog.Entry(source_ref="a.jpg", codes=[code])]), timeout=10)
    assert not added.entries[0].already_there, added

    def query(*flips):
        other = bytearray(pdq)
        for bit in flips:
            other[bit // 8] ^= 1 << bit % 8
        return common.Fingerprint(codes=[common.Code(
            pdq=bytes(other), quality=90, orientation=common.ORIENTATION_ORIGINAL,
            dialect=common.DIALECT_FULL)])

    # Five bits from what is known, and all but a few of the 256.
    answer = load("match_pb2_grpc").MatchServiceStub(channel).Match(
        match.MatchRequest(queries=[query(0, 9, 100, 200, 255), query(*range(20, 256))]), timeout=10)
    near, far = answer.results
    assert near.verdict == common.VERDICT_IDENTIFIED, answer
    assert (near.total, near.truncated, len(near.matches)) == (1, False, 1), answer
    found = near.matches[0]
    assert found.entry_id == added.entries[0].entry_id, (found, added)
    assert (found.set, found.purpose) == ("national", common.PURPOSE_KNOWN), found
    assert (found.series, found.series_status) == (
        "lakeside", common.SERIES_STATUS_IDENTIFIED), found
    assert (found.by, found.distance_bits, found.source_ref) == ("pdq", 5, "a.jpg"), found
    assert (found.contact, found.agency) == (contact, "Northfield Police"), found
    assert far.verdict == common.VERDICT_UNRECOGNIZED and far.total == 0, answer
    # The answer saw what was acknowledged last.
    assert answer.index_version == added.index_version, (answer, added)
    assert answer.index_version.store_id and answer.index_version.change > 0, answer


def talk(channel):
    catalog, catalog_grpc = load("catalog_pb2"), load("catalog_pb2_grpc")
    match, match_grpc = load("match_pb2"), load("match_pb2_grpc")
    admin, admin_grpc = load("admin_pb2"), load("admin_pb2_grpc")
    common = load("common_pb2")

    capabilities = admin_grpc.AdminServiceStub(channel).GetCapabilities(
        admin.GetCapabilitiesRequest(), timeout=10)
    assert capabilities.api_major == 1, capabilities
    assert capabilities.max_message_bytes == 32 << 20, capabilities

    agencies = catalog_grpc.CatalogServiceStub(channel)
    agencies.AddAgency(
        catalog.AddAgencyRequest(agency=catalog.Agency(name="Northfield Police")), timeout=10)
    listed = agencies.ListAgencies(catalog.ListAgenciesRequest(), timeout=10)
    assert [agency.name for agency in listed.agencies] == ["Northfield Police"], listed
    try:
        agencies.GetAgency(catalog.GetAgencyRequest(name="none"), timeout=10)
        raise AssertionError("an unknown agency was found")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.NOT_FOUND, error

    def fingerprint():
        return common.Fingerprint(digests=common.Digests(sha256=bytes(range(32))),
                                  disposition=common.DISPOSITION_NOT_MEDIA)

    def messages():
        yield match.MatchStreamRequest(open=match.MatchStreamOpen(root=b"/evidence"))
        files = [match.EvidenceFile(path=b"a\xff", fingerprint=fingerprint())]
        yield match.MatchStreamRequest(batch=match.MatchStreamBatch(files=files))
        yield match.MatchStreamRequest(end=match.MatchStreamEnd(complete=True, entries_walked=1))

    kinds = [answer.WhichOneof("kind")
             for answer in match_grpc.MatchServiceStub(channel).MatchStream(messages(), timeout=10)]
    assert kinds[:2] == ["opened", "batch"], kinds


def main():
    kithd, proto_root = sys.argv[1], pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="kith-client-") as folder:
        folder = pathlib.Path(folder)
        stubs = folder / "stubs"
        stubs.mkdir()
        make_stubs(proto_root, stubs)
        process, address = start(kithd, folder / "store")
        try:
            with grpc.insecure_channel(address) as channel:
                talk(channel)
                look_up(channel)
                reflect(channel)
        finally:
            process.terminate()
        assert process.wait(timeout=20) == 0, "kithd did not end in order"
    print("python client: ok")


if __name__ == "__main__":
    main()
