"""PoIUser for locustfiles: generate, verify and finality of a PoI node, each response checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import nacl.bindings
import nacl.exceptions
import orjson

from bizra_load.measure.reasons import first_line
from bizra_load.poi.chain import FINALIZED, block_hash
from bizra_load.poi.options import poi_options
from bizra_load.runtime.users import OpenModelUser, WrongResponse


class Attestation(NamedTuple):
    """A response to generate; `verify_body` is the JSON of the verify request for it."""

    body: dict[str, Any]
    signature: str
    public_key: str

    @property
    def verify_body(self) -> bytes:
        return orjson.dumps({"body": self.body, "signature": self.signature, "public_key": self.public_key})


_attestation = tuple.__new__  # one without the call to its __new__, which is Python
_NO_ATTESTATION = "not an attestation: body, signature (128 hex) and public_key (64 hex) expected"


class PoIUser(OpenModelUser):
    """generate, verify and finality of a PoI node, each response checked."""

    abstract = True
    request_type = "PoI"
    product = "poi"

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.options = poi_options(self.test_run.settings)
        path = self.options.base_path
        headers = {"Content-Type": "application/json"}
        self._generate = self.connection.prepare("POST", f"{path}/poi/generate", headers)
        self._verify = self.connection.prepare("POST", f"{path}/poi/verify", headers)
        self._finality = self.connection.prepare("POST", f"{path}/finality", headers)
        self._generated = self.operation("generate")
        self._verified = self.operation("verify")
        self._finalized = self.operation("finality")
        self._random = self.test_run.random
        self._evidence = orjson.dumps({"evidence": f"evidence of {self.test_run.worker} {id(self)} "})[:-2]
        self._count = 0

    def generate(self) -> Attestation | None:
        """Generate an attestation of fresh evidence; None after a failure."""
        self._count += 1
        body = b'%b%d"}' % (self._evidence, self._count)
        result: Attestation | None = self.perform(self._generated, self._generate, body, self._check_attestation)
        return result

    def verify(self, attestation: Attestation) -> bool:
        """Have an attestation verified; it must be valid."""
        return bool(self.perform(self._verified, self._verify, attestation.verify_body, _check_valid))

    def finality(self) -> bool:
        """Check that a finalized block is final."""
        hashes = self.options.block_hashes
        block = self._random.choice(hashes) if hashes else block_hash(self._random.randrange(FINALIZED))
        body = orjson.dumps({"block_hash": block})
        return bool(self.perform(self._finalized, self._finality, body, _check_finalized))

    def _check_attestation(self, response: bytes) -> Attestation:
        content = _json_object(response)
        try:
            body, signature, public_key = parts = content["body"], content["signature"], content["public_key"]
        except KeyError:
            raise WrongResponse("bad_json", _NO_ATTESTATION) from None
        if not (
            body.__class__ is dict
            and signature.__class__ is str
            and public_key.__class__ is str
            and len(signature) == 128
            and len(public_key) == 64
        ):
            raise WrongResponse("bad_json", _NO_ATTESTATION)
        if self._random.random() < self.options.verify_share:
            _check_signature(body, signature, public_key)
        return _attestation(Attestation, parts)


def _check_signature(body: dict[str, Any], signature: str, public_key: str) -> None:
    """Ed25519 (RFC 8032) over the canonical JSON of the body: sorted keys, no white space, UTF-8."""
    try:
        signed = bytes.fromhex(signature) + orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        nacl.bindings.crypto_sign_open(signed, bytes.fromhex(public_key))
    except (ValueError, nacl.exceptions.CryptoError) as error:
        raise WrongResponse("bad_signature", "the attestation's signature does not fit its body") from error


def _json_object(response: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(response)
    except orjson.JSONDecodeError as error:
        raise WrongResponse("bad_json", f"the response is not JSON: {first_line(response)}") from error
    if content.__class__ is not dict:
        raise WrongResponse("bad_json", "the response is not a JSON object")
    return content


def _check_true(key: str) -> Callable[[bytes], bool]:
    def check(response: bytes) -> bool:
        value = _json_object(response).get(key)
        if value is True:
            return True
        if value is False:
            raise WrongResponse("not_valid", f"{key} is false")
        raise WrongResponse("bad_json", f"{key} is missing or not a boolean")

    return check


_check_valid, _check_finalized = _check_true("valid"), _check_true("finalized")
