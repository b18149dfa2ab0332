"""What the node accepts, refuses and signs."""

import json

import nacl.signing
import pytest

from bizra_load.node.attestations import MAX_EVIDENCE_BYTES, Attestor, BadRequest, canonical, json_object
from bizra_load.poi.chain import FINALIZED, block_hash


@pytest.fixture(scope="module")
def attestor():
    return Attestor(b"k" * 32)


def test_canonical_form_is_sorted_without_white_space_in_utf8():
    assert canonical({"b": [1, {"z": None, "y": 0.5}], "a": "ü→"}) == '{"a":"ü→","b":[1,{"y":0.5,"z":null}]}'.encode()


def test_anybody_can_check_an_attestation_with_another_library_and_pythons_own_json(attestor):
    response = attestor.generate("évidence ✓")
    message = json.dumps(response["body"], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    key = nacl.signing.VerifyKey(bytes.fromhex(response["public_key"]))
    key.verify(message, bytes.fromhex(response["signature"]))
    assert response["body"]["evidence"] == "évidence ✓"
    assert response["timestamp"] == response["body"]["timestamp"]


def test_the_keys_are_those_of_rfc_8032():
    """Section 7.1, test 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    assert Attestor(seed).public_key == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"


def test_verify_takes_its_own_attestation_and_nothing_altered(attestor):
    response = attestor.generate("a")
    assert attestor.verify(*attestor.signed_parts(response))
    other = {**response, "body": {**response["body"], "evidence": "b"}}
    assert not attestor.verify(*attestor.signed_parts(other))
    assert not attestor.verify(*attestor.signed_parts({**response, "public_key": "00" * 32}))
    assert not attestor.verify(*attestor.signed_parts({**response, "signature": "ff" * 64}))


def test_the_order_of_the_bodys_keys_does_not_matter(attestor):
    response = attestor.generate("a")
    turned = dict(reversed(response["body"].items()))
    assert attestor.verify(*attestor.signed_parts({**response, "body": turned}))


@pytest.mark.parametrize("evidence", [None, 7, "", ["a"], "x" * (MAX_EVIDENCE_BYTES + 1), "é" * (MAX_EVIDENCE_BYTES // 2 + 1)])
def test_wrong_evidence_is_refused_with_the_fields_name(attestor, evidence):
    with pytest.raises(BadRequest, match=r"^evidence: "):
        attestor.evidence_of({"evidence": evidence})


@pytest.mark.parametrize("character", ["x", "é", "💡"])
def test_evidence_of_exactly_64_kib_is_taken(attestor, character):
    evidence = character * (MAX_EVIDENCE_BYTES // len(character.encode()))
    assert attestor.evidence_of({"evidence": evidence}) == evidence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signature", None),
        ("signature", "0" * 127),
        ("signature", "g" * 128),
        ("signature", "0 " * 64),
        ("signature", "٣" * 128),
        ("public_key", "0" * 66),
        ("public_key", 5),
        ("body", "text"),
        ("body", None),
    ],
)
def test_a_wrong_verify_request_is_refused_with_the_fields_name(attestor, key, value):
    with pytest.raises(BadRequest, match=f"^{key}: "):
        attestor.signed_parts({**attestor.generate("a"), key: value})


def test_a_body_nested_too_deeply_to_be_signed_is_refused(attestor):
    body = json_object(b'{"a":' * 300 + b"1" + b"}" * 300)
    with pytest.raises(BadRequest, match="nested"):
        attestor.signed_parts({**attestor.generate("a"), "body": body})


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe{}", b'{"a":"\\ud800"}', b"[]", b"null", b'"text"', b'{"a":NaN}'])
def test_what_is_not_a_json_object_is_refused(data):
    with pytest.raises(BadRequest, match="the request"):
        json_object(data)


@pytest.mark.parametrize("block", [None, 1, "", "0x", "ab" * 32, "0x" + "0" * 63, "0x" + "g" * 64, "0x" + "0" * 64 + "\n"])
def test_a_malformed_block_hash_is_refused(attestor, block):
    with pytest.raises(BadRequest, match=r"^block_hash: "):
        attestor.hash_of({"block_hash": block})


def test_the_published_blocks_are_final_in_either_case_and_no_others(attestor):
    upper = "0x" + block_hash(FINALIZED - 1)[2:].upper()
    assert attestor.is_final(attestor.hash_of({"block_hash": upper}))
    assert not attestor.is_final(block_hash(FINALIZED))
