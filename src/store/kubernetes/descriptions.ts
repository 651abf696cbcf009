/** What `kubectl explain` says of each field, by its path. A test holds the list to the schemas. */
export const descriptions: Readonly<Record<string, string>> = {
  GlusterCluster: 'A trusted storage pool of gluster. Exists as soon as a GlusterNode names it.',
  'GlusterCluster.spec': 'Nothing yet: a cluster is its nodes.',

  GlusterNode:
    'A storage server and its devices. Applying it is enough: Brickyard makes it a peer and prepares its devices.',
  'GlusterNode.spec': 'What the administrator wants. Brickyard changes it only when told to load a topology.',
  'GlusterNode.spec.cluster': 'The trusted pool that the node is in. Never changes.',
  'GlusterNode.spec.zone': 'Failure domain: nodes of one zone are expected to fail together.',
  'GlusterNode.spec.manage': 'Host that commands for this node go to.',
  'GlusterNode.spec.storage': 'What gluster peers and clients call it. Stands in brick names, so it never changes.',
  'GlusterNode.spec.state':
    'May new bricks be placed here? offline: not now. failed: never again, move what is here away.',
  'GlusterNode.spec.tags': 'Labels for placement rules, such as arbiter=required.',
  'GlusterNode.spec.devices': 'Disks (or folders) that bricks are cut from.',
  'GlusterNode.spec.devices.name': 'Absolute path on the node, such as /dev/vdb.',
  'GlusterNode.spec.devices.state': 'As the state of the node, for this device alone.',
  'GlusterNode.spec.devices.tags': 'As the tags of the node, for this device alone.',
  'GlusterNode.spec.devices.reserved': 'Bytes that placement leaves alone.',
  'GlusterNode.spec.devices.wipe': 'Whatever is on the device may be destroyed when it is prepared. Used up by that.',
  'GlusterNode.spec.devices.serial':
    'Serial number that the device must have to be prepared, so that no other disk under its name is taken for it. Absent: any.',
  'GlusterNode.status': 'What Brickyard found and did.',
  'GlusterNode.status.devices': 'Devices that are prepared.',
  'GlusterNode.status.devices.name': 'As in spec.devices.',
  'GlusterNode.status.devices.size': 'Bytes that bricks may use, as the node reported them.',
  'GlusterNode.status.conditions':
    'Ready: the node is as spec wants it, and in order as far as can be seen. Otherwise the message says what is amiss.',

  GlusterVolume:
    "A volume's record. Brickyard writes it before it does anything; changing it by hand sets the volume aside.",
  'GlusterVolume.spec': 'All that is needed to carry on with the volume after any crash.',
  'GlusterVolume.spec.name': 'What gluster calls the volume.',
  'GlusterVolume.spec.cluster': 'The trusted pool that it is in.',
  'GlusterVolume.spec.size': 'Usable bytes.',
  'GlusterVolume.spec.durability': "How the volume's data is kept.",
  'GlusterVolume.spec.durability.kind': 'replicate; arbiter: replicate 3 arbiter 1; disperse; distribute: one copy.',
  'GlusterVolume.spec.durability.count': 'Full copies, of replicate.',
  'GlusterVolume.spec.durability.data': 'Fragments that give the content back, of disperse.',
  'GlusterVolume.spec.durability.redundancy': 'Fragments that may be lost, of disperse.',
  'GlusterVolume.spec.options': 'Gluster volume options.',
  'GlusterVolume.spec.gid': 'Group that owns the root directory of the volume. Absent: root:root 0755.',
  'GlusterVolume.spec.snapshotFactor': "Size of a brick's thin pool as a multiple of the brick.",
  'GlusterVolume.spec.owner': 'The claim that the volume was made for.',
  'GlusterVolume.spec.brickSets': "Bricks in gluster's order. The bricks of one set hold the same data.",
  'GlusterVolume.spec.discarded':
    'Bricks of an earlier plan that may still stand, and keep their space until they are gone.',
  'GlusterVolume.spec.growth': 'What is under way to make the volume larger. Its space is taken already.',
  'GlusterVolume.spec.growth.size': 'Usable bytes that the volume will have.',
  'GlusterVolume.spec.growth.bricks': 'Bricks that grow where they are, with what they will have.',
  'GlusterVolume.spec.growth.sets': 'Sets that are made and added.',
  'GlusterVolume.spec.growth.undo': 'It was given up: what gluster has not been given is taken away, the rest stays.',
  'GlusterVolume.spec.rebalance': 'Files are still to be spread over sets that were added.',
  'GlusterVolume.spec.rebalance.since': 'When the sets were added. UTC, ISO 8601.',
  'GlusterVolume.spec.rebalance.task': "Gluster's name of the rebalance that was begun for them.",
  'GlusterVolume.spec.adopted': 'Brickyard did not make the volume: it was taken over as it stood.',
  'GlusterVolume.spec.deletingSince': 'When its deletion was asked for. UTC, ISO 8601.',
  'GlusterVolume.spec.createdAt': 'UTC, ISO 8601.',
  'GlusterVolume.status': 'How far the volume is.',
  'GlusterVolume.status.phase':
    'creating: nobody outside has been told of it. ready: only an explicit delete ends it. growing: as ready, on its way to another size. deleting: nothing brings it back.',
};
