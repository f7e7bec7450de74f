"""Names that say a file holds keys, passwords or tokens. No setting turns these rules off."""

from __future__ import annotations

import re
from fnmatch import translate

FILES = (
    # environments and settings that hold passwords
    ".env", ".env.*", "*.env", ".envrc", ".flaskenv", ".netrc", "_netrc", ".authinfo*", ".pgpass", "pgpass.conf",
    ".my.cnf", ".mylogin.cnf", ".npmrc", ".yarnrc.yml", ".pypirc", ".git-credentials", ".htpasswd", ".htdigest",
    ".dockercfg", ".dockerconfigjson", "kubeconfig", "*.kubeconfig", ".s3cfg", ".boto", ".vault-token", ".vault_pass*",
    ".terraformrc", "terraform.rc", "*.tfstate", "*.tfstate.*", "*.tfvars", "*.tfvars.json", ".*_history",
    "credentials*", "secret.*", "secrets.*", "*.secret", "*.secrets", "client_secret*.json", "service-account*.json",
    "service_account*.json", "application_default_credentials.json", "local.settings.json", "appsettings.secrets.json",
    # keys and certificates
    "*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.ppk", "*.der", "*.crt", "*.cer", "*.csr", "*.jks", "*.jceks",
    "*.bks", "*.keystore", "*.truststore", "*.keychain", "*.keychain-db", "*.kdb", "*.kdbx", "*.agekey", "*.gpg",
    "*.pgp", "*.ovpn", "*.mobileprovision", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "ssh_host_*_key*",
)  # fmt: skip
"""What a file is called, in lower case."""

EXCEPT = (
    "*.example", "*.sample", "*.template",
    *(f"{word}{suffix}" for word in ("secret", "secrets", "credentials*")
      for suffix in (".c", ".cc", ".cpp", ".cs", ".go", ".h", ".hpp", ".java", ".kt", ".rs", ".scala", ".swift")),
)  # fmt: skip
"""Files that ``FILES`` would take but that hold no secrets: models for others to fill in, and source code
in compiled languages, which nobody uses as a settings file."""

FOLDERS = (
    ".git", ".hg", ".svn", ".ssh", ".gnupg", ".password-store", ".azure", ".secrets",
)  # fmt: skip
"""Folders in which everything is private, at any depth."""

TAILS = (
    ".aws/credentials", ".aws/config", ".aws/*/cache/*", ".docker/config.json", ".kube/config", ".kube/cache/*",
    ".config/gh/hosts.yml", ".config/hub", ".m2/settings.xml", ".m2/settings-security.xml", ".composer/auth.json",
    ".gradle/gradle.properties", ".bundle/config", ".config/gcloud/*", "library/keychains/*",
    "etc/shadow*", "etc/gshadow*",
)  # fmt: skip
"""How a path ends; ``*`` stands for any number of names."""


def _any_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(glob) for glob in globs))


_FILES, _EXCEPT, _FOLDERS = _any_of(FILES), _any_of(EXCEPT), frozenset(FOLDERS)
_TAILS = _any_of(tuple(f"*/{tail}" for tail in TAILS))


def rule_for(path: str) -> str | None:
    """The rule that makes ``path`` private, for a person to read, or ``None``.

    Either slash divides names, and so does a colon, which is how a stream of a Windows file
    (``.env::$DATA``) and a file in an archive (``a.zip::.env``) are written. The case of letters
    does not matter, nor do the blanks and points that Windows drops from a name's end.
    """
    names = [name for name in re.split(r"[/\\]+", path.lower()) if name]
    for piece in (piece.rstrip(" .") for name in names for piece in name.split(":")):
        if piece in _FOLDERS:
            return f"{piece}/"
    for piece in (piece.rstrip(" .") for piece in names[-1].split(":")) if names else ():
        if _FILES.match(piece) and not _EXCEPT.match(piece):
            return next(glob for glob in FILES if re.match(translate(glob), piece))
    whole = "/" + "/".join(names)
    if not _TAILS.match(whole):
        return None
    return next(tail for tail in TAILS if re.match(translate(f"*/{tail}"), whole))
