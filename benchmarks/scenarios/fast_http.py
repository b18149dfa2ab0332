"""The peer: Locust's own FastHttpUser with the same request and the same checks, but for the sampled signature."""

from locust import FastHttpUser, constant, task


class Generate(FastHttpUser):
    wait_time = constant(0)

    @task
    def generate_one(self):
        with self.client.post("/api/v1/poi/generate", json={"evidence": "e" * 40}, catch_response=True) as response:
            attestation = response.json()
            if (
                len(attestation["signature"]) != 128
                or len(attestation["public_key"]) != 64
                or not isinstance(attestation["body"], dict)
            ):
                response.failure("not an attestation")
