"""Five calls by a client that was generated from the OpenAPI document; prints what it got."""
import json
import sys

from generated import AuthenticatedClient
from generated.api.attribute import (
    put_bim_iam_by_iamid_by_model_type_by_model_id_authorizations_by_attribute_name_by_attribute_value as add_attribute,
)
from generated.api.group import get_bim_group_by_group_id, post_bim_group, post_bim_group_by_group_id_user
from generated.api.user import get_bim_user
from generated.models import PostBimGroupByGroupIdUserJsonBody, PostBimGroupJsonBody

base_url, token = sys.argv[1:]
client = AuthenticatedClient(base_url=base_url, token=token)

created = post_bim_group.sync(client=client, body=PostBimGroupJsonBody(name="python", iamid="bim"))
body = PostBimGroupByGroupIdUserJsonBody(userid="admin", iamid="bim")
member = post_bim_group_by_group_id_user.sync(created.id, client=client, body=body)
users = get_bim_user.sync(client=client, userid="admin", iamid=["bim"], size=5)
owner = add_attribute.sync("bim", "group", str(created.id), "desk", "day", client=client)
missing = get_bim_group_by_group_id.sync(2_000_000_000, client=client)

print(
    json.dumps(
        {
            "created": created.name,
            "member": member.group == created.id,
            "users": [hit.userid for hit in users.hits],
            "attributes": owner.authorizations.to_dict(),
            "missing": missing.status_code,
        }
    )
)
