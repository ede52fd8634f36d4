//! `infra/template.yaml`, read without AWS: that it fits the code, and that no role may do more than is written here.
//! cfn-lint (`make lint`) says whether the template is right in itself.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not as expected fails the test")]

mod template {
    mod queues;
    mod reading;
    mod roles;
    mod shape;
    mod whole;
}
