"""The resources of a deployment. A change of this table is a change of the architecture."""

from collections import Counter

from tests.infrastructure.conftest import Assembly, Template

# Number of resources: data and service stack by default, then both with every setting that adds
# resources (accounts, e-mail domains, an address for alarms).
TABLE = """
ApiGateway::Authorizer                    -    1    -    1
ApiGateway::Deployment                    -    1    -    1
ApiGateway::GatewayResponse               -    7    -    7
ApiGateway::Method                        -   16    -   21
ApiGateway::Resource                      -   12    -   17
ApiGateway::RestApi                       -    1    -    1
ApiGateway::Stage                         -    1    -    1
ApiGatewayV2::Api                         -    1    -    1
ApiGatewayV2::Authorizer                  -    1    -    1
ApiGatewayV2::Integration                 -    1    -    1
ApiGatewayV2::Route                       -    8    -    8
ApiGatewayV2::RouteResponse               -    6    -    6
ApiGatewayV2::Stage                       -    1    -    1
Budgets::Budget                           -    -    -    1
CloudFront::CachePolicy                   -    1    -    1
CloudFront::Distribution                  -    1    -    1
CloudFront::Function                      -    1    -    1
CloudFront::OriginAccessControl           -    1    -    1
CloudFront::ResponseHeadersPolicy         -    1    -    1
CloudWatch::Alarm                         -    6    -    6
CloudWatch::Dashboard                     -    1    -    1
Cognito::ManagedLoginBranding             -    -    -    1
Cognito::UserPool                         -    -    1    -
Cognito::UserPoolClient                   -    -    -    1
Cognito::UserPoolDomain                   -    -    1    -
Custom::CDKBucketDeployment               -    2    -    2
Custom::S3AutoDeleteObjects               -    1    -    1
DynamoDB::Table                           1    -    1    -
IAM::Policy                               -    7    1    7
IAM::Role                                 -    8    1    8
Lambda::EventInvokeConfig                 -    2    -    2
Lambda::Function                          -    8    1    8
Lambda::LayerVersion                      -    2    -    2
Lambda::Permission                        -   11    1   11
Logs::LogGroup                            -    7    1    7
S3::Bucket                                1    1    1    1
S3::BucketPolicy                          1    1    1    1
SNS::Subscription                         -    -    -    1
SNS::Topic                                -    -    -    1
SNS::TopicPolicy                          -    -    -    1
"""


def kinds(template: Template) -> Counter[str]:
    resources = template.body["Resources"].values()
    return Counter(resource["Type"].removeprefix("AWS::") for resource in resources)


def test_a_deployment_has_these_resources(aws: Assembly, full: Assembly) -> None:
    columns = [kinds(each) for each in (aws.data, aws.service, full.data, full.service)]
    found = [
        [kind, *(str(column[kind] or "-") for column in columns)]
        for kind in sorted(set().union(*columns))
    ]

    assert found == [row.split() for row in TABLE.strip().splitlines()]


def test_no_service_is_billed_by_the_hour(aws: Assembly, full: Assembly) -> None:
    """An idle deployment costs nothing but storage."""
    used = {
        kind.partition("::")[0]
        for assembly in (aws, full)
        for template in (assembly.data, assembly.service)
        for kind in kinds(template)
    }

    assert used == {
        "ApiGateway",
        "ApiGatewayV2",
        "Budgets",
        "CloudFront",
        "CloudWatch",
        "Cognito",
        "Custom",
        "DynamoDB",
        "IAM",
        "Lambda",
        "Logs",
        "S3",
        "SNS",
    }
