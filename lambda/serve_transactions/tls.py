"""The only way this function talks to the database."""

import ssl
from pathlib import Path


def verifying_context(authorities: Path) -> ssl.SSLContext:
    """A context that wants TLS 1.2 or above, and a certificate for the host name that is connected to.

    The certificate has to come from one of the authorities in the file, which is PEM.
    """
    context = ssl.create_default_context(cafile=str(authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # From Python 3.13 on the default context also demands extensions, such as an authority key identifier,
    # that certificates of RDS do not carry. Issuer, validity and host name are verified all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
