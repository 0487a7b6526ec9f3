"""User accounts: only with `auth: cognito`, protected and retained."""

import json

from cdk.accounts import LOOPBACK_URL
from tests.infrastructure.conftest import Assembly
from tests.infrastructure.test_web import content_policy

CLIENT, POOL = "AWS::Cognito::UserPoolClient", "AWS::Cognito::UserPool"


def test_guests_have_no_accounts(aws: Assembly) -> None:
    for template in (aws.data, aws.service):
        kinds = {resource["Type"] for resource in template.body["Resources"].values()}
        assert [kind for kind in kinds if "Cognito" in kind] == []


def test_accounts_outlive_the_stacks(full: Assembly) -> None:
    _, pool = full.data.one(POOL)

    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert pool["Properties"]["DeletionProtection"] == "ACTIVE"


def test_users_sign_in_by_a_verified_address_in_any_case(full: Assembly) -> None:
    _, pool = full.data.one(POOL)
    properties = pool["Properties"]

    assert properties["UsernameAttributes"] == ["email"]
    assert properties["UsernameConfiguration"] == {"CaseSensitive": False}
    assert properties["AutoVerifiedAttributes"] == ["email"]
    recovery = properties["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert [way["Name"] for way in recovery] == ["verified_email"]


def test_the_second_factor_is_an_authenticator_app_and_never_sms(full: Assembly) -> None:
    _, pool = full.data.one(POOL)

    assert pool["Properties"]["MfaConfiguration"] == "ON"
    assert pool["Properties"]["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert "SmsConfiguration" not in pool["Properties"]


def test_sign_up_is_restricted_to_the_configured_domains(full: Assembly) -> None:
    name, check = full.data.function("sign-up")
    _, pool = full.data.one(POOL)
    _, permission = full.data.one("AWS::Lambda::Permission")

    assert check["Environment"]["Variables"]["EMAIL_DOMAINS"] == "example.com,example.org"
    assert full.data.text(pool["Properties"]["LambdaConfig"]["PreSignUp"]) == f"<{name}.Arn>"
    # Cognito may invoke it for this pool only.
    assert permission["Properties"]["Principal"] == "cognito-idp.amazonaws.com"
    assert "SourceArn" in permission["Properties"]


def test_the_sign_in_s_address_does_not_reveal_the_account(full: Assembly) -> None:
    _, domain = full.data.one("AWS::Cognito::UserPoolDomain")
    address = json.dumps(domain["Properties"]["Domain"])

    assert "AWS::AccountId" not in address
    # The third part of a stack's ARN is a GUID; the account is in the first.
    assert '{"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}' in address


def test_the_page_is_a_public_client_with_the_code_flow(full: Assembly) -> None:
    _, client = full.service.one(CLIENT)
    properties = client["Properties"]

    assert properties["GenerateSecret"] is False
    assert properties["AllowedOAuthFlows"] == ["code"]
    assert properties["AllowedOAuthScopes"] == ["openid", "email"]
    assert properties["PreventUserExistenceErrors"] == "ENABLED"
    assert properties["EnableTokenRevocation"] is True
    page = "https://chat.example.com/"
    assert properties["CallbackURLs"] == [page, LOOPBACK_URL]
    assert properties["LogoutURLs"] == [page]


def test_refresh_tokens_are_rotated(full: Assembly) -> None:
    _, client = full.service.one(CLIENT)
    rotation = client["Properties"]["RefreshTokenRotation"]

    assert rotation == {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}
    # Cognito refuses a client with both rotation and this flow.
    assert "ALLOW_REFRESH_TOKEN_AUTH" not in client["Properties"]["ExplicitAuthFlows"]


def test_the_authorizer_knows_the_pool_and_the_client(full: Assembly) -> None:
    pool, _ = full.data.one(POOL)
    client, _ = full.service.one(CLIENT)
    _, authorizer = full.service.function("authorizer")
    environment = {
        name: full.service.text(value)
        for name, value in authorizer["Environment"]["Variables"].items()
    }

    issuer = f"https://cognito-idp.<AWS::Region>.amazonaws.com/<{pool}>"
    assert environment["AUTH"] == "cognito"
    assert environment["COGNITO_ISSUER"] == issuer
    assert environment["COGNITO_JWKS_URL"] == f"{issuer}/.well-known/jwks.json"
    assert environment["COGNITO_CLIENT_ID"] == f"<{client}>"


def test_no_cached_policy_outlives_a_token(aws: Assembly, full: Assembly) -> None:
    def cache_ttl(assembly: Assembly) -> int:
        _, authorizer = assembly.service.one("AWS::ApiGateway::Authorizer")
        return int(authorizer["Properties"]["AuthorizerResultTtlInSeconds"])

    assert cache_ttl(full) == 0
    # A guest's secret does not expire.
    assert cache_ttl(aws) == 300


def test_the_local_target_signs_in_at_the_page_s_origin(accounts: Assembly) -> None:
    client, resource = accounts.service.one(CLIENT)
    pool, _ = accounts.data.one(POOL)
    config = accounts.service.text(accounts.service.body["Outputs"]["PageConfig"]["Value"])
    _, authorizer = accounts.service.function("authorizer")
    keys = authorizer["Environment"]["Variables"]["COGNITO_JWKS_URL"]

    assert json.loads(config)["cognito"] == {
        "url": "/",
        "client_id": f"<{client}>",
        "loopback_url": LOOPBACK_URL,
    }
    assert resource["Properties"]["CallbackURLs"] == ["http://localhost:8080/", LOOPBACK_URL]
    assert accounts.service.text(keys) == f"http://localhost:4566/<{pool}>/.well-known/jwks.json"
    assert accounts.service.all("AWS::Cognito::ManagedLoginBranding") == {}


def test_local_accounts_are_deleted_with_their_stack(accounts: Assembly) -> None:
    _, pool = accounts.data.one(POOL)

    assert pool["DeletionPolicy"] == "Delete"
    assert pool["Properties"]["DeletionProtection"] == "INACTIVE"


def test_the_content_security_policy_allows_the_sign_in(full: Assembly) -> None:
    domain, _ = full.data.one("AWS::Cognito::UserPoolDomain")

    origin = f"https://<{domain}>.auth.<AWS::Region>.amazoncognito.com"
    assert f"ApiEndpoint> {origin} https://" in content_policy(full)
