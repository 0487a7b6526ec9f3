"""Puts the stacks together; app.py and the tests call this."""

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from cdk.data_stack import DataStack
from cdk.local_target import LocalTarget
from cdk.service_stack import ServiceStack
from cdk.settings import Settings
from cdk.stack_names import stack_names
from cdk.target import AwsTarget, Target


def build_app(app: App) -> None:
    """Add both stacks; a wrong setting raises SettingsError before anything is made."""
    settings = Settings.from_context(app.node.get_all_context())
    targets: dict[str, type[AwsTarget] | type[LocalTarget]] = {
        "aws": AwsTarget,
        "local": LocalTarget,
    }
    target: Target = targets[settings.target](settings)
    names = stack_names(settings.stage)
    data = DataStack(app, names.data, removal_policy=target.data_policy)
    ServiceStack(app, names.service, settings=settings, target=target, table=data.table)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
