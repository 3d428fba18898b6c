"""The password of the cache's user: a token made from the function's own AWS credentials, without any network.

It is a request for `Connect` to service `elasticache`, for the host that is the replication group's id and with the
user's name, signed by Signature Version 4 in its query, without `http://` (ElastiCache User Guide, "Authenticating
with IAM"). The cache takes it for 15 minutes, and ends the connection after 12 hours: the next one brings a new token.
"""

from urllib.parse import urlencode

import botocore.session
from botocore.model import ServiceId
from botocore.signers import RequestSigner
from redis import CredentialProvider

TOKEN_SECONDS = 900

_SERVICE = "elasticache"
_SCHEME = "http://"  # the signer wants one; neither the signature nor the token holds it


class CacheTokens(CredentialProvider):
    """Makes a token for each new connection of `user` to the replication group `cache_name`."""

    def __init__(self, cache_name: str, user: str, region: str) -> None:
        self._url = f"{_SCHEME}{cache_name}/?{urlencode({'Action': 'connect', 'User': user})}"
        self._user = user
        self._region = region
        session = self._session = botocore.session.get_session()  # kept: the signer's own references to it are weak
        self._signer = RequestSigner(
            ServiceId(_SERVICE),
            region,
            _SERVICE,
            "v4",
            session.get_credentials(),
            session.get_component("event_emitter"),
        )

    def get_credentials(self) -> tuple[str, str]:
        """The user's name and a token that is valid from now on."""
        request = {"method": "GET", "url": self._url, "body": {}, "headers": {}, "context": {}}
        signed: str = self._signer.generate_presigned_url(
            request, operation_name="connect", expires_in=TOKEN_SECONDS, region_name=self._region
        )
        return self._user, signed.removeprefix(_SCHEME)
