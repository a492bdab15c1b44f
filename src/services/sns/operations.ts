import type { SnsOperation } from "./operation.ts";
import type { SnsOperationName } from "./operation-name.ts";
import { addPermission, removePermission } from "./permissions/permissions.ts";
import { publish, publishBatch } from "./publish/publish.ts";
import { confirmSubscription, unsubscribe } from "./subscriptions/confirm.ts";
import { subscribe } from "./subscriptions/subscribe.ts";
import {
  getSubscriptionAttributes,
  listSubscriptions,
  listSubscriptionsByTopic,
  setSubscriptionAttributes,
} from "./subscriptions/subscriptions.ts";
import { listTagsForResource, tagResource, untagResource } from "./tags/tagging.ts";
import { createTopic } from "./topics/create-topic.ts";
import { getTopicAttributes, setTopicAttributes } from "./topics/topic-attributes.ts";
import { deleteTopic, listTopics } from "./topics/topics.ts";

/** Every operation of SNS. A missing row does not compile. Null: it is not built, which is answered by name. */
export const operations: Readonly<Record<SnsOperationName, SnsOperation | null>> = {
  AddPermission: addPermission,
  CheckIfPhoneNumberIsOptedOut: null,
  ConfirmSubscription: confirmSubscription,
  CreatePlatformApplication: null,
  CreatePlatformEndpoint: null,
  CreateSMSSandboxPhoneNumber: null,
  CreateTopic: createTopic,
  DeleteEndpoint: null,
  DeletePlatformApplication: null,
  DeleteSMSSandboxPhoneNumber: null,
  DeleteTopic: deleteTopic,
  GetDataProtectionPolicy: null,
  GetEndpointAttributes: null,
  GetPlatformApplicationAttributes: null,
  GetSMSAttributes: null,
  GetSMSSandboxAccountStatus: null,
  GetSubscriptionAttributes: getSubscriptionAttributes,
  GetTopicAttributes: getTopicAttributes,
  ListEndpointsByPlatformApplication: null,
  ListOriginationNumbers: null,
  ListPhoneNumbersOptedOut: null,
  ListPlatformApplications: null,
  ListSMSSandboxPhoneNumbers: null,
  ListSubscriptions: listSubscriptions,
  ListSubscriptionsByTopic: listSubscriptionsByTopic,
  ListTagsForResource: listTagsForResource,
  ListTopics: listTopics,
  OptInPhoneNumber: null,
  Publish: publish,
  PublishBatch: publishBatch,
  PutDataProtectionPolicy: null,
  RemovePermission: removePermission,
  SetEndpointAttributes: null,
  SetPlatformApplicationAttributes: null,
  SetSMSAttributes: null,
  SetSubscriptionAttributes: setSubscriptionAttributes,
  SetTopicAttributes: setTopicAttributes,
  Subscribe: subscribe,
  TagResource: tagResource,
  Unsubscribe: unsubscribe,
  UntagResource: untagResource,
  VerifySMSSandboxPhoneNumber: null,
};
