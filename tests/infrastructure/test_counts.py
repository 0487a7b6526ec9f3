"""How many of what a deployment is: a change of this table is a change of the architecture."""

from collections import Counter

from tests.infrastructure.conftest import Assembly, Template

# Data and service stack as cdk.json has them, for guests; then both with accounts, and with every
# other setting that adds something (a list of e-mail domains, an address for alarms).
TABLE = """
ApiGateway::Authorizer                    -    1    -    1
ApiGateway::Deployment                    -    1    -    1
ApiGateway::GatewayResponse               -    7    -    7
ApiGateway::Method                        -    5    -    5
ApiGateway::Resource                      -    3    -    3
ApiGateway::RestApi                       -    1    -    1
ApiGateway::Stage                         -    1    -    1
ApiGatewayV2::Api                         -    1    -    1
ApiGatewayV2::Authorizer                  -    1    -    1
ApiGatewayV2::Integration                 -    1    -    1
ApiGatewayV2::Route                       -    8    -    8
ApiGatewayV2::RouteResponse               -    6    -    6
ApiGatewayV2::Stage                       -    1    -    1
CloudFront::CachePolicy                   -    1    -    1
CloudFront::Distribution                  -    1    -    1
CloudFront::OriginAccessControl           -    1    -    1
CloudFront::ResponseHeadersPolicy         -    1    -    1
CloudWatch::Alarm                         -    5    -    5
CloudWatch::Dashboard                     -    1    -    1
Cognito::ManagedLoginBranding             -    -    -    1
Cognito::UserPool                         -    -    1    -
Cognito::UserPoolClient                   -    -    -    1
Cognito::UserPoolDomain                   -    -    1    -
Custom::CDKBucketDeployment               -    2    -    2
Custom::S3AutoDeleteObjects               -    1    -    1
DynamoDB::Table                           1    -    1    -
IAM::Policy                               -    6    1    6
IAM::Role                                 -    7    1    7
Lambda::EventInvokeConfig                 -    1    -    1
Lambda::Function                          -    7    1    7
Lambda::LayerVersion                      -    2    -    2
Lambda::Permission                        -   11    1   11
Logs::LogGroup                            -    6    1    6
S3::Bucket                                -    1    -    1
S3::BucketPolicy                          -    1    -    1
SNS::Subscription                         -    -    -    1
SNS::Topic                                -    -    -    1
SNS::TopicPolicy                          -    -    -    1
"""


def kinds(template: Template) -> Counter[str]:
    resources = template.body["Resources"].values()
    return Counter(resource["Type"].removeprefix("AWS::") for resource in resources)


def test_a_deployment_is_made_of_these(aws: Assembly, full: Assembly) -> None:
    columns = [kinds(each) for each in (aws.data, aws.service, full.data, full.service)]
    found = [
        [kind, *(str(column[kind] or "-") for column in columns)]
        for kind in sorted(set().union(*columns))
    ]

    assert found == [row.split() for row in TABLE.strip().splitlines()]


def test_nothing_of_it_is_paid_by_the_hour(aws: Assembly, full: Assembly) -> None:
    """Services that would cost money while nobody chats have no place in it."""
    used = {
        kind.partition("::")[0]
        for assembly in (aws, full)
        for template in (assembly.data, assembly.service)
        for kind in kinds(template)
    }

    assert used == {
        "ApiGateway",
        "ApiGatewayV2",
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
