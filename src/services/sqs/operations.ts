import { receiveMessage } from "./messages/receive-message.ts";
import { sendMessage, sendMessageBatch } from "./messages/send-message.ts";
import {
  changeMessageVisibility,
  changeMessageVisibilityBatch,
  deleteMessage,
  deleteMessageBatch,
} from "./messages/settle-messages.ts";
import { cancelMessageMoveTask, listMessageMoveTasks, startMessageMoveTask } from "./moves/move-tasks.ts";
import type { SqsOperation } from "./operation.ts";
import type { SqsOperationName } from "./operation-name.ts";
import { addPermission, removePermission } from "./permissions/permissions.ts";
import { createQueue } from "./queues/create-queue.ts";
import { deleteQueue, purgeQueue } from "./queues/end-queues.ts";
import { getQueueUrl, listDeadLetterSourceQueues, listQueues } from "./queues/find-queues.ts";
import { getQueueAttributes, setQueueAttributes } from "./queues/queue-attributes.ts";
import { listQueueTags, tagQueue, untagQueue } from "./queues/tagging.ts";

/** Every operation of SQS. A missing row does not compile. */
export const operations: Readonly<Record<SqsOperationName, SqsOperation>> = {
  AddPermission: addPermission,
  CancelMessageMoveTask: cancelMessageMoveTask,
  ChangeMessageVisibility: changeMessageVisibility,
  ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
  CreateQueue: createQueue,
  DeleteMessage: deleteMessage,
  DeleteMessageBatch: deleteMessageBatch,
  DeleteQueue: deleteQueue,
  GetQueueAttributes: getQueueAttributes,
  GetQueueUrl: getQueueUrl,
  ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
  ListMessageMoveTasks: listMessageMoveTasks,
  ListQueueTags: listQueueTags,
  ListQueues: listQueues,
  PurgeQueue: purgeQueue,
  ReceiveMessage: receiveMessage,
  RemovePermission: removePermission,
  SendMessage: sendMessage,
  SendMessageBatch: sendMessageBatch,
  SetQueueAttributes: setQueueAttributes,
  StartMessageMoveTask: startMessageMoveTask,
  TagQueue: tagQueue,
  UntagQueue: untagQueue,
};
