"""The table of names that are private wherever they stand."""

from __future__ import annotations

import pytest

from fimble.privacy import Privacy

PRIVATE = (
    "/p/.env",
    "/p/.env.local",
    "/p/.ENV",
    "/p/prod.env",
    "/p/.envrc",
    "/p/server.pem",
    "/p/SERVER.PEM",
    "/p/tls/site.key",
    "/p/cert.p12",
    "/p/cert.pfx",
    "/p/id_rsa",
    "/p/id_rsa.pub",
    "/p/id_ed25519",
    "/p/id_ed25519_work",
    "/p/vault.kdbx",
    "/p/release.jks",
    "/p/debug.keystore",
    "/p/.netrc",
    "/p/_netrc",
    "/p/.pgpass",
    "/p/.npmrc",
    "/p/.pypirc",
    "/p/credentials",
    "/p/credentials.json",
    "/p/credentials-prod.yml",
    "/home/a/.aws/credentials",
    "/home/a/.docker/config.json",
    "/home/a/.kube/config",
    "/p/secrets.yaml",
    "/p/secrets.py",
    "/p/terraform.tfstate",
    "/p/terraform.tfstate.backup",
    "/p/.htpasswd",
    "/p/.git-credentials",
    "/p/.git/config",
    "/p/.git/refs/heads/main",
    "/home/a/.ssh/config",
    "/home/a/.ssh/known_hosts",
    "/home/a/.gnupg/trustdb.txt",
    "/home/a/.aws/sso/cache/x.json",
    "/home/a/.config/gcloud/a/b",
    "/etc/shadow",
    "/p/.env.",
    "/p/.env::$DATA",
    "/p/archive.zip::.env",
    "/p/.bash_history",
    "/p/.cargo/credentials.toml",
    "/p/.terraform.d/credentials.tfrc.json",
)
OPEN = (
    "/p/main.py",
    "/p/.env.example",
    "/p/.env.sample",
    "/p/.env.template",
    "/p/.env.local.example",
    "/p/.github/workflows/a.yml",
    "/p/.gitignore",
    "/p/environment.py",
    "/p/env.py",
    "/p/keys.py",
    "/p/key.ts",
    "/p/secret_santa.py",
    "/p/secrets.go",
    "/p/CredentialsProvider.java",
    "/p/docker/config.json",
    "/p/git/config",
    "/p/ssh/client.py",
    "/p/README.md",
    "/p/.fimbleignore",
    "/p/tokens.rs",
    "/p/.config/gcloud.md",
    "/p/monkey.py",
    "/p/pem.py",
    "/p/.envoy/config.yaml",
)


@pytest.mark.parametrize("path", PRIVATE)
def test_never_read(path: str) -> None:
    assert not Privacy().may_read(path)
    assert not Privacy().may_read("file://" + path.replace(":", "%3A"))


@pytest.mark.parametrize("path", OPEN)
def test_read(path: str) -> None:
    assert Privacy().why_not(path) is None


@pytest.mark.parametrize(
    "address",
    [
        "file:///c%3A/Users/a/.env",
        "file:///C:/Users/a/.env",
        "C:\\Users\\a\\.env",
        "file://server/share/.ssh/config",
        "file:///home/a/%2Eenv",
        "file:///home/a/.env?plain",
        "file:///home/a/.env#top",
        "file:///home/a#b/.env",
        "untitled:/home/a/.env",
        "vscode-notebook-cell:/home/a/secrets.ipynb#W0sZmlsZQ%3D%3D",
        "vscode-remote://ssh-remote%2Bhost/home/a/.env",
        "git:/home/a/.env?%7B%22ref%22%3A%22%22%7D",
    ],
)
def test_however_an_editor_writes_it(address: str) -> None:
    assert not Privacy().may_read(address)


@pytest.mark.parametrize(
    "address",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/home/a/plots.ipynb#W0sZmlsZQ%3D%3D",
        "file:///c%3A/Users/a/main.py",
        "file:///home/a/c%23/main.py",
    ],
)
def test_other_addresses_may_be_read(address: str) -> None:
    assert Privacy().why_not(address) is None


def test_the_sentence_names_the_rule() -> None:
    assert Privacy().why_not("/p/server.pem") == "The built-in rule *.pem keeps it private."
    assert Privacy().why_not("/p/.git/config") == "The built-in rule .git/ keeps it private."


def test_no_name_at_all_is_no_reason_to_stop() -> None:
    assert Privacy().may_read("untitled:")


def test_a_name_that_no_system_has_is_private() -> None:
    why = Privacy().why_not("file:///home/a%00b.py")
    assert why is not None and "cannot be applied" in why
